// @ts-check
/** How a client is made of what a test asks for. */

/** @param {{client: any, bearer?: string}} wanted */
export function options({ client, bearer }) {
  if (!bearer) return client;
  const headers = async () => new Headers({ Authorization: `Bearer ${bearer}` });
  // Enough of google-auth-library's client for the SDK, which asks it for headers alone.
  return { ...client, googleAuthOptions: { authClient: { getRequestHeaders: headers } } };
}
