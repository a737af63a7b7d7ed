// @ts-check
/** What else is to be said in a call: what is lost on the transport of now, on the network, and of devices. */

import { find } from "../foundation/dom.js";

const NOTHING = { lost: "", behind: "", device: "" };

export class VoiceNotes {
  #place = find("#voice-note");
  #notes = { ...NOTHING };

  /** @param {keyof typeof NOTHING} about @param {string} sentence or nothing, where there is nothing to say any more */
  say(about, sentence) {
    this.#notes[about] = sentence;
    this.#show();
  }

  clear() {
    this.#notes = { ...NOTHING };
    this.#show();
  }

  /** Said once: a live region that is set again would be read again. */
  #show() {
    const said = Object.values(this.#notes).filter(Boolean).join(" ");
    if (this.#place.textContent !== said) this.#place.textContent = said;
    this.#place.hidden = said === "";
  }
}
