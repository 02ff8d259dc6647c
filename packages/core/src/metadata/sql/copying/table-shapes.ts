import type { COPIED_TABLES } from '../../copying.ts'

/** What a column of a copied table holds. `json` is text on SQLite, and jsonb on Postgres. */
export type ColumnKind = 'text' | 'integer' | 'bytes' | 'json'

/** A copied table: its columns, without those that the database makes itself, and the key by which its rows are read. */
export interface TableShape {
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Unique, and an index of both databases, in this order. */
  readonly key: readonly string[]
}

const ATTRIBUTES = {
  content_type: 'text',
  headers: 'json',
  user_metadata: 'json',
  tags: 'json',
  owner_id: 'text',
  retention_mode: 'text',
  retention_until: 'integer',
  legal_hold: 'integer',
  created_at: 'integer',
} as const

const CHECKSUM = { checksum_algorithm: 'text', checksum_type: 'text' } as const

const VERSION = {
  bucket_id: 'text',
  key: 'text',
  version_id: 'text',
  sequence: 'integer',
  manifest_id: 'integer',
  size: 'integer',
  etag: 'text',
  part_count: 'integer',
  ...CHECKSUM,
  checksum_value: 'text',
  ...ATTRIBUTES,
  extents: 'bytes',
} as const

/** Every copied table. A test holds this against the schemas of both databases: a migration that adds a column is to be followed here. */
export const TABLE_SHAPES: Readonly<Record<(typeof COPIED_TABLES)[number], TableShape>> = {
  policy_state: { columns: { id: 'integer', version: 'integer' }, key: ['id'] },
  documents: {
    columns: { kind: 'text', id: 'text', version: 'integer', body: 'json', sealed: 'bytes' },
    key: ['kind', 'id'],
  },
  buckets: {
    columns: {
      id: 'text',
      jurisdiction: 'text',
      name: 'text',
      account: 'text',
      public: 'integer',
      versioning: 'text',
      created_at: 'integer',
    },
    key: ['id'],
  },
  objects: { columns: VERSION, key: ['bucket_id', 'key'] },
  // By their ids: newest first is the order of one database's primary key and of the other's index.
  object_versions: { columns: { ...VERSION, delete_marker: 'integer' }, key: ['bucket_id', 'key', 'version_id'] },
  inline_bytes: { columns: { id: 'integer', bytes: 'bytes' }, key: ['id'] },
  blob_refs: {
    columns: { backend_id: 'text', blob: 'text', manifest_id: 'integer', part_number: 'integer' },
    key: ['backend_id', 'blob', 'manifest_id', 'part_number'],
  },
  garbage: {
    columns: { backend_id: 'text', blob: 'text', state: 'text', process_id: 'text', changed_at: 'integer' },
    key: ['backend_id', 'blob'],
  },
  uploads: {
    columns: {
      id: 'text',
      kind: 'text',
      bucket_id: 'text',
      key: 'text',
      manifest_id: 'integer',
      status: 'text',
      ...CHECKSUM,
      declared_size: 'integer',
      received: 'integer',
      ...ATTRIBUTES,
      expires_at: 'integer',
      hash_state: 'bytes',
      completed_at: 'integer',
      result: 'json',
      extent_count: 'integer',
      owner_account: 'text',
    },
    key: ['id'],
  },
  parts: {
    columns: {
      manifest_id: 'integer',
      part_number: 'integer',
      size: 'integer',
      etag: 'text',
      ...CHECKSUM,
      checksum_value: 'text',
      created_at: 'integer',
      extents: 'bytes',
    },
    key: ['manifest_id', 'part_number'],
  },
  append_pieces: {
    columns: { manifest_id: 'integer', piece_offset: 'integer', length: 'integer', extents: 'bytes' },
    key: ['manifest_id', 'piece_offset'],
  },
  jobs: {
    columns: {
      id: 'text',
      kind: 'text',
      body: 'json',
      run_at: 'integer',
      lease_owner: 'text',
      lease_until: 'integer',
      attempts: 'integer',
    },
    key: ['id'],
  },
  outbox: { columns: { sequence: 'integer', kind: 'text', body: 'json', created_at: 'integer' }, key: ['sequence'] },
}
