/**
 * The same value with every byte array in memory of its own. Cloning for another thread copies the whole buffer under a
 * view: 64 KiB of a pool for the 4 KiB that somebody cut out of it. What holds no such view is given back as it is.
 */
export function withoutSlabs(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof Uint8Array) return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value)
  if (Array.isArray(value)) {
    const copies = value.map(withoutSlabs)
    return copies.some((copy, index) => copy !== value[index]) ? copies : value
  }
  let changed: Record<string, unknown> | null = null
  for (const [name, field] of Object.entries(value)) {
    const copy = withoutSlabs(field)
    if (copy !== field) (changed ??= { ...value })[name] = copy
  }
  return changed ?? value
}
