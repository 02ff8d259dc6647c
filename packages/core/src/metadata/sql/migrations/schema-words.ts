import type { SchemaWords } from './migration.ts'

// `rtrim(key, <every character of key but "/">)` leaves what ends with the last slash. SQLite has no reverse search.
const SQLITE_FILE_NAME = `substr(key, length(rtrim(key, replace(key, '/', ''))) + 1)`

/** How SQLite says it. JSON and arrays are text. */
export const SQLITE_WORDS: SchemaWords = {
  text: 'TEXT',
  integer: 'INTEGER',
  bytes: 'BLOB',
  json: 'TEXT',
  withoutRowid: ' WITHOUT ROWID',
  generated: 'VIRTUAL',
  pathTokens: `TEXT GENERATED ALWAYS AS ('[' || replace(json_quote(key), '/', '","') || ']')`,
  fileName: `TEXT GENERATED ALWAYS AS (${SQLITE_FILE_NAME})`,
  extension: `TEXT GENERATED ALWAYS AS (substr(${SQLITE_FILE_NAME}, length(rtrim(${SQLITE_FILE_NAME}, replace(${SQLITE_FILE_NAME}, '.', ''))) + 1))`,
  newestFirstKey: ',\n      PRIMARY KEY (bucket_id, key, sequence DESC)',
  newestFirstIndex: [],
  commitSequence: 'CREATE TABLE commit_sequence (id INTEGER PRIMARY KEY CHECK (id = 1), reserved INTEGER NOT NULL)',
  // Under its old name: programs that ask for it by name find it before and after.
  coveringOwnerIndex: [
    'DROP INDEX objects_by_owner',
    `CREATE INDEX objects_by_owner ON objects (bucket_id, owner_id, key,
      version_id, sequence, size, etag, checksum_algorithm, checksum_type, content_type, headers, created_at)`,
  ],
}

/** How Postgres says it. `COLLATE "C"` orders by bytes, whatever the database's locale. */
export const POSTGRES_WORDS: SchemaWords = {
  text: 'text COLLATE "C"',
  integer: 'bigint',
  bytes: 'bytea',
  json: 'jsonb',
  withoutRowid: '',
  generated: 'STORED',
  pathTokens: `text[] GENERATED ALWAYS AS (string_to_array(key, '/'))`,
  fileName: `text COLLATE "C" GENERATED ALWAYS AS (substring(key from '[^/]*$'))`,
  extension: `text COLLATE "C" GENERATED ALWAYS AS (substring(key from '[^./]*$'))`,
  newestFirstKey: '',
  newestFirstIndex: ['CREATE UNIQUE INDEX object_versions_in_order ON object_versions (bucket_id, key, sequence DESC)'],
  commitSequence: 'CREATE SEQUENCE commit_sequence AS bigint',
  coveringOwnerIndex: [],
}
