/**
 * What the person's browser does with an authorization URL: asks for it and is sent elsewhere at once.
 *
 * @returns where to; undefined when the answer was a page.
 */
export async function consent(authorizationUrl: string | URL): Promise<URL | undefined> {
  const response = await fetch(authorizationUrl, { redirect: 'manual' });
  await response.body?.cancel();
  const location = response.headers.get('location');
  return location === null ? undefined : new URL(location);
}
