import type { JsonValue } from '@stowage/core'
import { Fields } from '../stored/fields.ts'
import type { RecordKind } from '../stored/stored-records.ts'
import type { OpaqueKeyKind } from './opaque-key.ts'

/** What is known of a stored publishable or secret key. */
export interface OpaqueKeyInfo {
  /** The project, a slash, and the beginning of the digest: never another key's. */
  readonly id: string
  readonly project: string
  readonly kind: OpaqueKeyKind
  /** SHA-256 of the key, in hexadecimal. */
  readonly digest: string
  /** Of a publishable key the key itself: it is public by nature, and sessions are signed with it. Null for a secret one. */
  readonly key: string | null
  readonly description: string | null
  readonly createdAt: Date
  /** From then on it is refused. */
  readonly expiresAt: Date | null
  /** To the minute; null where no request has shown it. Sessions that are signed with a publishable key do not count. */
  readonly lastUsedAt: Date | null
}

/** What its document says. */
export type OpaqueKeyRecord = Omit<OpaqueKeyInfo, 'id' | 'lastUsedAt'>

/** Where they are kept. */
export const OPAQUE_KEY_KIND: RecordKind<OpaqueKeyRecord> & { readonly use: string } = {
  kind: 'opaque-key',
  use: 'opaque-key-use',
  // Ids follow from keys, which are random.
  gone: null,
  encode: encodeOpaqueKey,
  decode: decodeOpaqueKey,
}

const ID_DIGITS = 24

/** The id of a key of this digest. */
export function opaqueKeyId(project: string, digest: string): string {
  return `${project}/${digest.slice(0, ID_DIGITS)}`
}

function encodeOpaqueKey({ createdAt, expiresAt, ...rest }: OpaqueKeyRecord): JsonValue {
  return { ...rest, createdAt: createdAt.getTime(), expiresAt: expiresAt?.getTime() ?? null }
}

function decodeOpaqueKey(body: JsonValue): OpaqueKeyRecord {
  const fields = new Fields(body)
  return {
    project: fields.text('project'),
    kind: fields.oneOf('kind', ['publishable', 'secret']),
    digest: fields.text('digest'),
    key: fields.textOrNull('key'),
    description: fields.textOrNull('description'),
    createdAt: fields.time('createdAt'),
    expiresAt: fields.timeOrNull('expiresAt'),
  }
}
