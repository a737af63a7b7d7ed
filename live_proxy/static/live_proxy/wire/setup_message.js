// @ts-check
/** What the page sends: set-up, messages, media, in the Live API's own words. Pure. */

/**
 * @typedef {{family: string, instruction: string, voice: string, language: string, search: boolean, writing: boolean}} Wishes
 *   `search`: answers may look things up on the web; `writing`: they may be written, else the words of spoken ones are read
 * @typedef {{marked: boolean}} Talk a spoken conversation; `marked`: the page itself says when the person speaks
 * @typedef {{mimeType: string, data: string}} Media bytes as base64
 * @typedef {{id: string, text: string, media: Media[]}} Typed
 */

/** @param {Wishes} wishes @param {Talk|null} talk */
export function setupMessage({ family, instruction, voice, language, search, writing }, talk) {
  /** @type {Record<string, unknown>} */
  const setup = { model: family, generationConfig: { responseModalities: ["TEXT"] } };
  if (instruction) setup.systemInstruction = { parts: [{ text: instruction }] };
  if (search) setup.tools = [{ googleSearch: {} }];
  if (talk || !writing) {
    /** @type {Record<string, unknown>} */
    const speechConfig = {};
    if (voice) speechConfig.voiceConfig = { prebuiltVoiceConfig: { voiceName: voice } };
    if (language) speechConfig.languageCode = language;
    const speaks = voice || language ? { speechConfig } : {};
    setup.generationConfig = { responseModalities: ["AUDIO"], ...speaks };
    setup.inputAudioTranscription = {};
    setup.outputAudioTranscription = {};
    if (talk?.marked) setup.realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
  }
  return JSON.stringify({ setup });
}

/** @param {Typed} typed */
export function typedMessage({ id, text, media }) {
  const parts = [...media.map((inlineData) => ({ inlineData })), ...(text ? [{ text }] : [])];
  return JSON.stringify({ clientContent: { turns: [{ role: "user", parts }], turnComplete: true }, proxy: { id } });
}

/** Cuts the answer of now off, without a question of its own. */
export const STOP = JSON.stringify({ clientContent: { turnComplete: false }, proxy: { stop: true } });
export const ACTIVITY_START = JSON.stringify({ realtimeInput: { activityStart: {} } });
export const ACTIVITY_END = JSON.stringify({ realtimeInput: { activityEnd: {} } });
export const STREAM_END = JSON.stringify({ realtimeInput: { audioStreamEnd: true } });

/** @param {string} data base64, which needs no escaping */
export const soundMessage = (data) => `{"realtimeInput":{"audio":{"data":"${data}","mimeType":"audio/pcm;rate=16000"}}}`;

/** @param {string} data base64 of a JPEG */
export const pictureMessage = (data) => `{"realtimeInput":{"video":{"data":"${data}","mimeType":"image/jpeg"}}}`;
