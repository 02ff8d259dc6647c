import type { Migration, SchemaWords } from './migration.ts'

/**
 * The first schema: everything that cannot be added cheaply later (decisions.md, Data 12).
 *
 * No partial indexes: to see whether one applies, SQLite compares its condition with the values that are bound, and then
 * plans the statement anew for each new value (see `planOnce` in sqlite-connection.ts).
 */
export const initial: Migration = {
  version: 1,
  name: 'initial',
  statements: (words) => [...state(words), ...buckets(words), ...objects(words), ...blobs(words), ...uploads(words), ...extras(words)],
}

function state({ integer, commitSequence }: SchemaWords): readonly string[] {
  return [
    `CREATE TABLE policy_state (id ${integer} PRIMARY KEY CHECK (id = 1), version ${integer} NOT NULL)`,
    'INSERT INTO policy_state (id, version) VALUES (1, 1)',
    commitSequence,
    ...(commitSequence.startsWith('CREATE TABLE') ? ['INSERT INTO commit_sequence (id, reserved) VALUES (1, 0)'] : []),
  ]
}

function buckets({ text, integer, withoutRowid }: SchemaWords): readonly string[] {
  return [
    `CREATE TABLE buckets (
      id ${text} PRIMARY KEY,
      jurisdiction ${text} NOT NULL,
      name ${text} NOT NULL,
      account ${text} NOT NULL,
      public ${integer} NOT NULL,
      versioning ${text} NOT NULL CHECK (versioning IN ('off', 'enabled', 'suspended')),
      created_at ${integer} NOT NULL
    )${withoutRowid}`,
    // By name first: one index finds a bucket, and lists all of them in order.
    'CREATE UNIQUE INDEX buckets_by_name ON buckets (name, jurisdiction)',
    'CREATE INDEX buckets_by_account ON buckets (account, name, jurisdiction)',
  ]
}

/** What a client says of an object, alike for objects, versions and uploads. */
function attributes({ text, integer, json }: SchemaWords): string {
  return `content_type ${text},
      headers ${json},
      user_metadata ${json},
      tags ${json},
      owner_id ${text},
      retention_mode ${text} CHECK (retention_mode IN ('governance', 'compliance')),
      retention_until ${integer},
      legal_hold ${integer} NOT NULL,
      created_at ${integer} NOT NULL`
}

function versionColumns(words: SchemaWords): string {
  const { text, integer, bytes, generated } = words
  return `bucket_id ${text} NOT NULL,
      key ${text} NOT NULL,
      version_id ${text} NOT NULL,
      sequence ${integer} NOT NULL,
      manifest_id ${integer} NOT NULL,
      size ${integer} NOT NULL,
      etag ${text} NOT NULL,
      part_count ${integer},
      checksum_algorithm ${text},
      checksum_type ${text},
      checksum_value ${text},
      ${attributes(words)},
      extents ${bytes},
      path_tokens ${words.pathTokens} ${generated},
      file_name ${words.fileName} ${generated},
      extension ${words.extension} ${generated}`
}

function objects(words: SchemaWords): readonly string[] {
  const { integer, withoutRowid } = words
  return [
    `CREATE TABLE objects (
      ${versionColumns(words)},
      PRIMARY KEY (bucket_id, key)
    )${withoutRowid}`,
    'CREATE INDEX objects_by_owner ON objects (bucket_id, owner_id, key)',
    `CREATE TABLE object_versions (
      ${versionColumns(words)},
      delete_marker ${integer} NOT NULL${words.newestFirstKey}
    )${withoutRowid}`,
    ...words.newestFirstIndex,
    'CREATE UNIQUE INDEX object_versions_by_id ON object_versions (bucket_id, key, version_id)',
    `CREATE TABLE inline_bytes (id ${integer} PRIMARY KEY, bytes ${words.bytes} NOT NULL)`,
  ]
}

function blobs({ text, integer, withoutRowid }: SchemaWords): readonly string[] {
  return [
    `CREATE TABLE blob_refs (
      backend_id ${text} NOT NULL,
      blob ${text} NOT NULL,
      manifest_id ${integer} NOT NULL,
      part_number ${integer} NOT NULL,
      PRIMARY KEY (backend_id, blob, manifest_id, part_number)
    )${withoutRowid}`,
    'CREATE INDEX blob_refs_by_manifest ON blob_refs (manifest_id, part_number)',
    `CREATE TABLE garbage (
      backend_id ${text} NOT NULL,
      blob ${text} NOT NULL,
      state ${text} NOT NULL CHECK (state IN ('reserved', 'queued', 'claimed')),
      process_id ${text},
      changed_at ${integer} NOT NULL,
      PRIMARY KEY (backend_id, blob)
    )${withoutRowid}`,
    'CREATE INDEX garbage_by_age ON garbage (state, changed_at)',
    `CREATE TABLE processes (
      id ${text} PRIMARY KEY,
      heartbeat_at ${integer} NOT NULL,
      oldest_read_at ${integer},
      lapsed ${integer} NOT NULL
    )${withoutRowid}`,
  ]
}

function uploads(words: SchemaWords): readonly string[] {
  const { text, integer, bytes, json, withoutRowid } = words
  return [
    `CREATE TABLE uploads (
      id ${text} PRIMARY KEY,
      kind ${text} NOT NULL CHECK (kind IN ('parts', 'append')),
      bucket_id ${text} NOT NULL,
      key ${text} NOT NULL,
      manifest_id ${integer} NOT NULL,
      status ${text} NOT NULL CHECK (status IN ('open', 'completed')),
      checksum_algorithm ${text},
      checksum_type ${text},
      declared_size ${integer},
      received ${integer} NOT NULL,
      ${attributes(words)},
      expires_at ${integer} NOT NULL,
      hash_state ${bytes},
      completed_at ${integer},
      result ${json}
    )${withoutRowid}`,
    'CREATE INDEX uploads_in_order ON uploads (bucket_id, status, kind, key, id)',
    'CREATE INDEX uploads_by_expiry ON uploads (status, expires_at)',
    'CREATE INDEX uploads_by_completion ON uploads (status, completed_at)',
    `CREATE TABLE parts (
      manifest_id ${integer} NOT NULL,
      part_number ${integer} NOT NULL,
      size ${integer} NOT NULL,
      etag ${text} NOT NULL,
      checksum_algorithm ${text},
      checksum_type ${text},
      checksum_value ${text},
      created_at ${integer} NOT NULL,
      extents ${bytes} NOT NULL,
      PRIMARY KEY (manifest_id, part_number)
    )${withoutRowid}`,
    `CREATE TABLE append_pieces (
      manifest_id ${integer} NOT NULL,
      piece_offset ${integer} NOT NULL,
      length ${integer} NOT NULL,
      extents ${bytes} NOT NULL,
      PRIMARY KEY (manifest_id, piece_offset)
    )${withoutRowid}`,
  ]
}

/** Tables that later features need and that no code touches yet. */
function extras({ text, integer, bytes, json, withoutRowid }: SchemaWords): readonly string[] {
  return [
    `CREATE TABLE documents (
      kind ${text} NOT NULL,
      id ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${json},
      sealed ${bytes},
      PRIMARY KEY (kind, id)
    )${withoutRowid}`,
    `CREATE TABLE jobs (
      id ${text} PRIMARY KEY,
      kind ${text} NOT NULL,
      body ${json},
      run_at ${integer} NOT NULL,
      lease_owner ${text},
      lease_until ${integer},
      attempts ${integer} NOT NULL
    )${withoutRowid}`,
    'CREATE INDEX jobs_by_time ON jobs (run_at)',
    `CREATE TABLE outbox (
      sequence ${integer} PRIMARY KEY,
      kind ${text} NOT NULL,
      body ${json},
      created_at ${integer} NOT NULL
    )`,
  ]
}
