// @ts-check
/** What the page says during a spoken conversation. */

import { filled, gettext } from "./gettext.js";

/** @type {Record<import("../voice/call_state.js").CallState, string>} */
export const callWords = {
  ended: gettext("Voice has ended"),
  connecting: gettext("Connecting…"),
  reconnecting: gettext("Reconnecting…"),
  asleep: gettext("The browser has put the sound to sleep. Press any key or click to wake it"),
  deaf: gettext("Gemini cannot hear you now. Type instead"),
  unserved: gettext("Nobody answers right now"),
  muted: gettext("You are muted"),
  silenced: gettext("Your microphone is turned off by the browser or the system"),
  speaking: gettext("Gemini is speaking"),
  thinking: gettext("Thinking…"),
  listening: gettext("Listening"),
};

/** @param {string} state in words */
export const alsoMuted = (state) => filled(gettext("%(state)s. You are muted"), { state });

/** @type {Record<import("../voice/listening.js").Told, string>} */
export const deviceWords = {
  replaced: gettext("The microphone was unplugged. The usual one listens now."),
  kept: gettext("That microphone could not be opened. The one before still listens."),
  instead: gettext("Your chosen microphone could not be opened. The usual one listens now."),
  "": "",
};

export const talkWords = {
  holdToTalk: gettext("Hold the space bar or the button to talk"),
  release: gettext("Listening: let go when you have finished"),
  mute: gettext("Mute"),
  muted: gettext("Muted: talk again"),
  start: gettext("Start voice"),
  usual: gettext("The usual one"),
  microphone: gettext("Microphone"),
  speaker: gettext("Loudspeaker"),
  deaf: gettext("%(transport)s takes no voice, so your microphone is off. Type and the conversation goes on; voice comes back by itself when it can."),
  silent: gettext("%(transport)s gives no spoken answers: they come as text."),
  microphoneOff: gettext("Your microphone is off"),
  behind: gettext("Your network is too slow for your voice: parts of what you say are lost."),
  offered: gettext("Voice is possible again."),
  talkAgain: gettext("Talk again"),
  unseen: gettext("Nobody sees your picture on this connection; it waits."),
  cameraOn: gettext("Gemini sees your camera: one picture a second."),
  screenOn: gettext("Gemini sees your screen: one picture a second."),
  overHttp: gettext("Voice needs a WebSocket, which this network blocks. Typing works."),
  noVoice: gettext("This model does not talk. Choose one with 🎤."),
};
