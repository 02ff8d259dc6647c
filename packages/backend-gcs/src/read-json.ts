/** The fields of an object, or null for what is none. */
export function readFields(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null
}

/** The fields of a JSON object as the service writes them, each still to be checked, or null for what is none. */
export function readObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return readFields(JSON.parse(text))
  } catch {
    return null
  }
}
