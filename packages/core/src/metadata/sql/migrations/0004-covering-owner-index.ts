import type { Migration } from './migration.ts'

/** Puts into the index of owners, on SQLite, all that a listing shows of an object: a page of one owner is read from it alone. */
export const coveringOwnerIndex: Migration = {
  version: 4,
  name: 'covering-owner-index',
  statements: ({ coveringOwnerIndex: statements }) => statements,
}
