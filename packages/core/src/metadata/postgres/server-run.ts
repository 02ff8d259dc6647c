import { POSTGRES_TYPES } from './postgres-types.ts'
import type { PostgresClient } from './postgres-pool.ts'

/**
 * What is another text after each start of the server, and after each recovery: when it was started, and when its statistics were
 * emptied, which a recovery does, too, where only a process of the server died. A text of one column, the same in every time zone.
 */
export const SERVER_RUN = `concat(extract(epoch from pg_postmaster_start_time()), ' ', extract(epoch from pg_stat_get_bgwriter_stat_reset_time()))`

const known = new WeakMap<PostgresClient, Promise<string | null>>()

/**
 * The run of the server that a connection is to, asked once a connection: none outlives it. Null where the server does not say. A pooler
 * keeps connections over a restart of what is behind it; then this is an older run, and no other one is taken for it.
 */
export function serverRunOf(client: PostgresClient): Promise<string | null> {
  let run = known.get(client)
  if (run === undefined) {
    run = client.query({ text: `SELECT ${SERVER_RUN}`, rowMode: 'array', types: POSTGRES_TYPES }).then(
      ({ rows }) => (typeof rows[0]?.[0] === 'string' ? rows[0][0] : null),
      () => null,
    )
    known.set(client, run)
  }
  return run
}
