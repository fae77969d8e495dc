/** A JSON object from outside. Its fields are read with `field` alone. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a JSON object; undefined for anything else that a text may be. */
export function readObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of the object itself: nothing inherited. JSON's null is no value. */
export function field(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

/** A text that isn't empty. */
export function textField(object: JsonObject, name: string): string | undefined {
  const value = field(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a list; what else is in it is left out. */
export function textsField(object: JsonObject, name: string): readonly string[] | undefined {
  const value = field(object, name);
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
}

/** What stands at a dotted path: `data.viewer.email`. */
export function textAt(object: JsonObject, path: string): string | undefined {
  let value: unknown = object;
  for (const name of path.split('.')) value = isObject(value) ? field(value, name) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
