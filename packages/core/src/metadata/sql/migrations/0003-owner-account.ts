import type { Migration } from './migration.ts'

/**
 * Keeps with an upload whose user began it: users of two accounts may have the same id. Of uploads that are there, the account of their
 * bucket is taken: where that is wrong, only the bucket's owner still sees them. There are few, and each ends within days.
 */
export const ownerAccount: Migration = {
  version: 3,
  name: 'owner-account',
  statements: ({ text }) => [
    `ALTER TABLE uploads ADD COLUMN owner_account ${text}`,
    `UPDATE uploads SET owner_account = (SELECT b.account FROM buckets b WHERE b.id = uploads.bucket_id) WHERE owner_id IS NOT NULL`,
  ],
}
