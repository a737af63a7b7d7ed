// @ts-check
/** Bad moments, each with its own plain help: what happened, and what the person can do about it. */

import { gettext } from "./gettext.js";

/** @typedef {{title: string, text: string, steps: string[]}} Moment */

/** @type {Record<string, Moment>} */
const moments = {
  denied: {
    title: gettext("The microphone is blocked"),
    text: gettext("This browser was told not to let this page listen."),
    steps: [
      gettext("Click the icon left of the address and allow the microphone."),
      gettext("Look whether the system lets the browser use the microphone at all (privacy settings)."),
      gettext("Then press Start voice again."),
    ],
  },
  no_microphone: {
    title: gettext("No microphone was found"),
    text: gettext("There is nothing to listen to on this device."),
    steps: [
      gettext("Connect a microphone or a headset, or switch it on."),
      gettext("If another one is chosen in the voice options, choose the usual one."),
      gettext("Typing works meanwhile."),
    ],
  },
  microphone_busy: {
    title: gettext("The microphone does not start"),
    text: gettext("Another program may be using it."),
    steps: [gettext("Close other calls and recorders, then press Start voice again.")],
  },
  insecure: {
    title: gettext("This address is not secure"),
    text: gettext("Browsers let a page listen only over HTTPS or on localhost."),
    steps: [
      gettext("Open the page with https:// in front of its address."),
      gettext("If there is no HTTPS yet, ask whoever runs this service to set it up."),
      gettext("Typing works meanwhile."),
    ],
  },
  no_sound: {
    title: gettext("Sound could not be started"),
    text: gettext("The browser refused to open its sound."),
    steps: [
      gettext("Look whether a loudspeaker or a headset is connected: without one some browsers start no sound."),
      gettext("Press Start voice again, or reload the page."),
      gettext("Use a current version of the browser."),
    ],
  },
  camera_denied: {
    title: gettext("The camera or screen is blocked"),
    text: gettext("This browser was told not to let this page see it, or the choice was cancelled."),
    steps: [gettext("Click the icon left of the address and allow it, then try again.")],
  },
  no_camera: {
    title: gettext("No camera was found"),
    text: gettext("There is no camera on this device, or another program uses it."),
    steps: [gettext("Connect one, or close the other program. Voice goes on meanwhile.")],
  },
  no_screen: {
    title: gettext("The screen cannot be shown"),
    text: gettext("The browser found no screen or window that it may show."),
    steps: [
      gettext("Look whether the system lets the browser record the screen (privacy settings), then try again."),
      gettext("Voice goes on meanwhile."),
    ],
  },
  blocked: {
    title: gettext("WebSockets are blocked on this network"),
    text: gettext("Answers come over plain HTTP: typing works, voice and pictures do not."),
    steps: [
      gettext("Try another network, or switch a VPN or filter off."),
      gettext("If it is like this everywhere, ask whoever runs this service whether the proxy in front of it passes WebSockets on."),
    ],
  },
  offline: {
    title: gettext("You are offline"),
    text: gettext("The network is away."),
    steps: [gettext("What you send waits and goes out by itself when the network is back.")],
  },
  limit: {
    title: gettext("A limit is reached"),
    text: gettext("You have as many open sessions, or have sent as many messages, as this service allows at a time."),
    steps: [gettext("Close other tabs and devices that talk to it, or wait a minute."), gettext("Then press Try again.")],
  },
  forbidden: {
    title: gettext("This is not allowed for you"),
    text: gettext("Whoever runs this service has set rules for what you may use."),
    steps: [
      gettext("Choose another model, or change your voice, language, instruction or Google Search in the settings."),
      gettext("Then press Try again."),
    ],
  },
  elsewhere: {
    title: gettext("This conversation goes on elsewhere"),
    text: gettext("Another tab or device took it over."),
    steps: [gettext("New messages appear here as they are saved.")],
  },
  restarting: {
    title: gettext("The server is restarting"),
    text: gettext("A new version may be on its way."),
    steps: [gettext("This takes some seconds. The conversation goes on by itself; nothing is lost.")],
  },
};

/** @param {string} name */
export const momentOf = (name) => moments[name] ?? null;
