/** A browser without a person: it keeps cookies, follows redirects, and presses the button it is told to. */
export async function visit(
  start: string,
  answer: 'allow' | 'deny',
  { until }: { readonly until: (url: URL) => boolean },
): Promise<URL> {
  const jar = new Map<string, string>();
  let url = new URL(start);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 30; step += 1) {
    if (until(url)) return url;
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) jar.set(name, value);
    }
    const page = await response.text();
    const location = response.headers.get('location');
    form = undefined;
    if (location !== null) url = new URL(location, url);
    else if (!page.includes('<form')) return url;
    else {
      form = fieldsOf(page);
      if (page.includes('name="answer"')) form.set('answer', answer);
      url = new URL(/<form[^>]* action="([^"]*)"/.exec(page)?.[1] ?? url.href, url);
    }
  }
  throw new Error(`still under way at ${url.pathname}`);
}

/** The values that a page's fields have when nobody types. */
function fieldsOf(page: string): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1];
    const value = /\bvalue="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  return fields;
}
