import { parseJson } from '../json-column.ts'

/** JSON text in the one form that both databases' columns come to: without spaces, the names of objects sorted. */
export function canonicalJson(text: string): string {
  return written(parseJson(text))
}

function written(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${written(each)}`).join(',')}}`
}
