// @ts-check
/** How this device talks and listens. Kept in the browser, not with the account: another device has other microphones. */

/**
 * @typedef {{microphone: string, speaker: string, volume: number, pushToTalk: boolean, halfDuplex: boolean, search: boolean}} DeviceChoice
 *   `halfDuplex`: do not listen while an answer plays, for loudspeakers without echo cancellation
 */

const KEY = "device";
/** @type {DeviceChoice} */
const USUAL = { microphone: "", speaker: "", volume: 1, pushToTalk: false, halfDuplex: false, search: false };

/** @param {unknown} kept @returns {DeviceChoice} What is missing or of another kind is as usual. */
export function readChoice(kept) {
  const given = /** @type {Record<string, unknown>} */ (kept && typeof kept === "object" ? kept : {});
  const known = Object.entries(USUAL).map(([name, usual]) => [name, typeof given[name] === typeof usual ? given[name] : usual]);
  const choice = /** @type {DeviceChoice} */ (Object.fromEntries(known));
  return { ...choice, volume: Math.max(0, Math.min(1, choice.volume || 0)) };
}

/** @returns {DeviceChoice} */
export function deviceChoice() {
  try {
    return readChoice(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return USUAL; // storage may be forbidden
  }
}

/** @param {Partial<DeviceChoice>} change @returns {DeviceChoice} */
export function keepDeviceChoice(change) {
  const choice = { ...deviceChoice(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(choice));
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the call.
  }
  return choice;
}
