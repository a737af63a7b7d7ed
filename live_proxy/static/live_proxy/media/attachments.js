// @ts-check
/** What goes along with the next message: picked, pasted or dropped. Fires `change`, and `refused` with a sentence. */

import { element, iconButton } from "../foundation/dom.js";
import { filled, gettext } from "../language/gettext.js";
import { words } from "../language/words.js";
import { enableArrivals } from "./arrivals.js";
import { base64Of, LARGEST, pictureFrom, pictureOf } from "./picture.js";
import { withFiles } from "./text_files.js";

const MOST = 4;
const LONGEST_TEXT = 100_000;

/** @typedef {{name: string, media: import("../wire/setup_message.js").Media|null, text: string}} Attachment */

export class Attachments extends EventTarget {
  /** @type {Attachment[]} */
  list = [];
  /** Whether documents may go along: Live models take none. */
  documents = false;

  /** @type {Promise<void>} */
  #reading = Promise.resolve();
  #unread = 0;
  /** How many files could not go along so far. */
  refused = 0;

  /** @param {HTMLElement} tray @param {HTMLInputElement} input @param {HTMLElement} stage where files may be pasted */
  constructor(tray, input, stage) {
    super();
    this.tray = tray;
    enableArrivals(input, stage, (files) => this.add(files));
  }

  /** Whether files are still being read. */
  get unread() {
    return this.#unread > 0;
  }

  /** When all that was given is read. */
  get read() {
    return this.#reading;
  }

  /** @param {File[]} files One after the other, so that they stand in the order in which they were given. */
  add(files) {
    if (!files.length) return;
    const { list } = this; // another message may be written when they are read
    this.#unread += 1;
    this.#draw();
    this.#reading = this.#reading.then(async () => {
      await this.#addAll(files, list);
      this.#unread -= 1;
      this.#draw();
    });
  }

  /** What an earlier message had goes along again.
   *  @param {import("../wire/setup_message.js").Media[]} media @param {import("./text_files.js").TextFile[]} files */
  restore(media, files) {
    const name = (/** @type {string} */ kind) => (kind.startsWith("image/") ? words.attachedPicture : words.file);
    const pictures = media.map((one) => ({ name: name(one.mimeType), media: one, text: "" }));
    this.put([...pictures, ...files.map((file) => ({ ...file, media: null }))]);
  }

  /** @param {File[]} files @param {Attachment[]} list */
  async #addAll(files, list) {
    for (const file of files) {
      if (list.length >= MOST) return this.#refuse(filled(gettext("At most %(count)s files go with one message."), { count: MOST }));
      try {
        list.push(await this.#read(file));
      } catch (error) {
        this.#refuse(error instanceof Refused ? error.message : filled(words.unreadableFile, { name: file.name }));
      }
      this.#draw();
    }
  }

  /** @param {File} file @returns {Promise<Attachment>} */
  async #read(file) {
    const { name, type, size } = file;
    if (type.startsWith("image/")) return { name, media: await pictureFrom(file), text: "" };
    if (type !== "application/pdf") return { name, media: null, text: await textOf(file) };
    if (!this.documents) throw new Refused(filled(words.noDocuments, { name }));
    if (size > LARGEST) throw new Refused(filled(words.fileTooLarge, { name }));
    return { name, media: { mimeType: type, data: await base64Of(file) }, text: "" };
  }

  /** @param {string} sentence */
  #refuse(sentence) {
    this.refused += 1;
    this.dispatchEvent(new CustomEvent("refused", { detail: sentence }));
  }

  /** @param {string} said @returns {{text: string, media: import("../wire/setup_message.js").Media[]}} with what is attached */
  with(said) {
    return { text: withFiles(said, this.list.filter(({ text }) => text)), media: this.list.flatMap(({ media }) => (media ? [media] : [])) };
  }

  #draw() {
    this.tray.replaceChildren(...this.list.map((one) => this.#chip(one)));
    if (this.unread) this.tray.append(element("li", { class: "chip" }, words.reading));
    this.tray.hidden = this.tray.childElementCount === 0;
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** @param {Attachment[]} list Others take the place of those that are here. */
  put(list) {
    this.list = list;
    this.#draw();
  }

  /** @param {Attachment} one */
  #chip(one) {
    const away = iconButton(filled(gettext("Remove %(name)s"), { name: one.name }), "close");
    away.addEventListener("click", () => {
      this.list.splice(this.list.indexOf(one), 1); // in place: files that are still read come into this very list
      this.#draw();
    });
    const shown = one.media?.mimeType.startsWith("image/") ? [pictureOf(one.media)] : [];
    return element("li", { class: "chip" }, ...shown, element("span", { dir: "auto", title: one.name }, one.name), away);
  }
}

class Refused extends Error {}

/** @param {File} file of whatever kind: what reads as text is one @returns {Promise<string>} Throws `Refused`. */
async function textOf(file) {
  if (file.size === 0) throw new Refused(filled(words.emptyFile, { name: file.name }));
  if (file.size > LONGEST_TEXT) throw new Refused(filled(isNamedText(file) ? words.fileTooLong : words.fileKind, { name: file.name }));
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    if (text && !text.includes("\0")) return text;
  } catch {
    // Not UTF-8: some other kind of file.
  }
  throw new Refused(filled(words.fileKind, { name: file.name }));
}

/** @param {File} file */
const isNamedText = ({ type }) => /^text\/|[/+](?:json|xml|javascript|yaml|sql)$/.test(type);
