// @ts-check
/** What a call is doing, out of what is known about it. Pure. */

/** @typedef {"ended"|"connecting"|"reconnecting"|"asleep"|"deaf"|"unserved"|"muted"|"silenced"|"speaking"|"thinking"|"listening"} CallState */
/**
 * @typedef {object} Facts
 * @property {boolean} begun whether the person wants to talk
 * @property {boolean} microphone whether it is open
 * @property {boolean} connected whether a transport serves
 * @property {boolean} connectedBefore in this call
 * @property {boolean} awake false where the browser has put the page's sound to sleep
 * @property {boolean} unserved whether the last that was said found nobody to answer
 * @property {boolean} heard false where the transport of now takes no voice
 * @property {boolean} muted by the person
 * @property {boolean} silenced where the browser or the system has turned the microphone off
 * @property {boolean} sounding whether an answer is audible
 * @property {boolean} awaiting whether an answer is due
 */

/** @param {Facts} facts @returns {CallState} */
export function stateOf(facts) {
  if (!facts.begun) return "ended";
  if (!facts.connected) return facts.connectedBefore ? "reconnecting" : "connecting";
  if (!facts.awake) return "asleep";
  if (facts.sounding) return "speaking";
  if (!facts.heard) return "deaf";
  if (facts.unserved) return "unserved";
  if (facts.awaiting) return "thinking";
  if (facts.muted || !facts.microphone) return "muted";
  return facts.silenced ? "silenced" : "listening";
}

/** @param {import("./call.js").Call} call @returns {Facts} */
export const factsOf = ({ begun, microphone, serving, room, talking, speaker, answering }) => ({
  begun,
  microphone: microphone.open,
  connected: serving.served && !serving.looking,
  connectedBefore: serving.before,
  awake: room.awake,
  unserved: serving.unserved,
  heard: serving.heard,
  muted: talking.muted,
  silenced: microphone.silenced,
  sounding: speaker.sounding,
  awaiting: answering.due,
});
