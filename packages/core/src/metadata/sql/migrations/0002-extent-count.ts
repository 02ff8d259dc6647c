import type { Migration } from './migration.ts'

/** Counts the pieces of an append upload in its row: their number is limited, and an append must not count them all. */
export const extentCount: Migration = {
  version: 2,
  name: 'extent-count',
  statements: ({ integer }) => [
    `ALTER TABLE uploads ADD COLUMN extent_count ${integer} NOT NULL DEFAULT 0`,
    `UPDATE uploads SET extent_count = (SELECT count(*) FROM append_pieces p WHERE p.manifest_id = uploads.manifest_id) WHERE kind = 'append'`,
  ],
}
