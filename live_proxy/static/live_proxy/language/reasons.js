// @ts-check
/** Why something failed, a few words for each kind that the service knows. */

import { gettext } from "./gettext.js";

/** @type {Record<string, string>} Why a transport or model was left. */
const reasons = {
  model_not_found: gettext("the model was not found"),
  endpoint_not_found: gettext("the address was not found"),
  modality: gettext("it does not give this kind of answer"),
  configuration: gettext("it refused the settings"),
  invalid_argument: gettext("it called the request invalid"),
  precondition: gettext("it refused the settings"),
  quota: gettext("the quota is used up"),
  unauthenticated: gettext("the credentials were refused"),
  api_key: gettext("the API key was refused"),
  credentials: gettext("the server has no valid credentials"),
  permission: gettext("access was refused"),
  project: gettext("the project was not found"),
  api_disabled: gettext("the API is not enabled"),
  billing: gettext("the project has no billing account"),
  location: gettext("it is not offered at this location"),
  safety: gettext("it was blocked for safety reasons"),
  internal: gettext("it reported an internal error"),
  unavailable: gettext("it was not available"),
  deadline: gettext("it took too long"),
  session_limit: gettext("the session had ended"),
  dns: gettext("its host name was not found"),
  tls: gettext("the secure connection failed"),
  connect: gettext("it could not be reached"),
  connect_timeout: gettext("it could not be reached in time"),
  setup_timeout: gettext("it did not answer in time"),
  send_timeout: gettext("it did not take the message"),
  no_output: gettext("it gave no answer"),
  empty_turn: gettext("it gave an empty answer"),
  stall: gettext("it stopped in the middle"),
  network: gettext("the connection broke"),
  ping_timeout: gettext("the connection broke"),
  handle: gettext("it no longer knew the session"),
  unsupported_operation: gettext("it does not support this"),
  too_big: gettext("a message was too large"),
  bad_message: gettext("its answer could not be read"),
  handshake: gettext("something else answered"),
  no_candidate: gettext("nothing is left to try"),
  unknown: gettext("it failed for an unknown reason"),
  breaker: gettext("it failed a moment ago"),
  recovered: gettext("it works again"),
  client_socket_blocked: gettext("WebSockets are blocked on this network"),
};

/** @param {string} reason */
export const reasonWords = (reason) => reasons[reason] ?? reason.replaceAll("_", " ");
