// What the browser declares inside an audio worklet, which TypeScript's own libraries leave out.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  constructor(options?: AudioWorkletNodeOptions);
}
declare function registerProcessor(name: string, processor: new (options: AudioWorkletNodeOptions) => AudioWorkletProcessor): void;
declare const sampleRate: number;
declare const currentTime: number;
interface AudioContext {
  readonly sinkId?: string;
  setSinkId?(id: string): Promise<void>;
}
interface Uint8Array {
  toBase64?(): string;
}
interface Uint8ArrayConstructor {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}
