import { StorageError } from '../../errors/storage-error.ts'

const BOOL = 16
const BYTEA = 17
const INT8 = 20
const INT2 = 21
const INT4 = 23

const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [BOOL, (text) => (text === 't' ? 1 : 0)],
  [BYTEA, bytesOf],
  [INT8, Number],
  [INT2, Number],
  [INT4, Number],
])

/** `\x` and hexadecimal digits: bytea_output = 'hex', the default since Postgres 9. But the pool is the user's, and may say otherwise. */
function bytesOf(text: string): Buffer {
  if (text.startsWith(String.raw`\x`)) return Buffer.from(text.slice(2), 'hex')
  throw new StorageError('StoreUnavailable', { store: 'postgres', reason: "the connections of the pool need bytea_output = 'hex'" })
}

const asText = (text: string): string => text

/** How columns are read, for our own queries only: `pg`'s global types are the user's. Integers are numbers, JSON stays text. */
export const POSTGRES_TYPES = {
  getTypeParser: (oid: number): ((text: string) => unknown) => PARSERS.get(oid) ?? asText,
}
