/**
 * The same value with every byte array in memory of its own. Cloning for another thread copies the whole buffer under a
 * view: 64 KiB of a pool for the 4 KiB that somebody cut out of it. What holds no such view is given back as it is.
 */
export function withoutSlabs(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? ofObject(value) : value
}

/** Written out loop by loop: it looks at every field of every command, and lists of entries took as long as the cloning. */
function ofObject(value: object): unknown {
  if (value instanceof Uint8Array) return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value)
  if (value instanceof Date) return value
  return Array.isArray(value) ? ofArray(value) : ofRecord(value)
}

function ofArray(values: readonly unknown[]): readonly unknown[] {
  let changed: unknown[] | null = null
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value !== 'object' || value === null) continue
    const copy = ofObject(value)
    if (copy !== value) (changed ??= values.slice())[index] = copy
  }
  return changed ?? values
}

function ofRecord(record: object): object {
  let changed: Record<string, unknown> | null = null
  for (const name of Object.keys(record)) {
    const value: unknown = Reflect.get(record, name)
    if (typeof value !== 'object' || value === null) continue
    const copy = ofObject(value)
    if (copy !== value) (changed ??= { ...record })[name] = copy
  }
  return changed ?? record
}
