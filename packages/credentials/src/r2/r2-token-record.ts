import type { JsonValue } from '@stowage/core'
import { Fields } from '../stored/fields.ts'
import type { RecordKind } from '../stored/stored-records.ts'

/** What is known of a stored R2 token, but for its value and its secret. */
export interface R2TokenInfo {
  /** The access key id. */
  readonly id: string
  /** Whose buckets its caller owns. */
  readonly account: string
  /** What the account is called in access policies and in tokens that are signed elsewhere. */
  readonly accountId: string
  readonly description: string | null
  /** The access policies, as they were given. */
  readonly policies: JsonValue
  readonly createdAt: Date
  /** From then on it is refused. */
  readonly expiresAt: Date | null
  /** To the minute; null where no request has named it. */
  readonly lastUsedAt: Date | null
}

/** What its document says. */
export type R2TokenRecord = Omit<R2TokenInfo, 'id' | 'lastUsedAt'>

/** Where R2 tokens are kept. */
export const R2_TOKEN_KIND: RecordKind<R2TokenRecord> & { readonly use: string } = {
  kind: 'r2-token',
  use: 'r2-token-use',
  // Ids are random.
  gone: null,
  encode: ({ createdAt, expiresAt, ...rest }) => ({ ...rest, createdAt: createdAt.getTime(), expiresAt: expiresAt?.getTime() ?? null }),
  decode: (body) => {
    const fields = new Fields(body)
    return {
      account: fields.text('account'),
      accountId: fields.text('accountId'),
      description: fields.textOrNull('description'),
      policies: fields.json('policies'),
      createdAt: fields.time('createdAt'),
      expiresAt: fields.timeOrNull('expiresAt'),
    }
  },
}
