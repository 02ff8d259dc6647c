import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresRow } from './postgres-rows.ts'

const execute = promisify(execFile)

/** Rows of the same size as the objects, in a table of its own: what the database does where nothing is around it. */
const SCRIPTS: Readonly<Record<PostgresRow, string>> = {
  'put-4k': `\\set id random(1, 20000)
INSERT INTO bench_rows (id, body) VALUES (:id, decode(repeat(md5(:id::text), 256), 'hex')) ON CONFLICT (id) DO UPDATE SET body = excluded.body;`,
  'get-4k': `\\set id random(1, 20000)
SELECT body FROM bench_rows WHERE id = :id;`,
  'head-4k': `\\set id random(1, 20000)
SELECT id FROM bench_rows WHERE id = :id;`,
  'list-1000': `\\set id random(1, 10000)
SELECT id, name FROM bench_rows WHERE id > :id ORDER BY id LIMIT 1000;`,
}

/** What pgbench needs to know. */
export interface PgbenchOptions {
  readonly port: number
  readonly password: string
  /** For its scripts. */
  readonly directory: string
  readonly connections: number
}

/** Postgres's own load generator. */
export class Pgbench {
  readonly #options: PgbenchOptions

  constructor(options: PgbenchOptions) {
    this.#options = options
  }

  /** Whether this machine has it. */
  static isThere(): Promise<boolean> {
    return execute('pgbench', ['--version']).then(
      () => true,
      () => false,
    )
  }

  /** SQL that makes its table. The bodies are not compressed. */
  static readonly table: readonly string[] = [
    'CREATE TABLE bench_rows (id bigint PRIMARY KEY, name text, body bytea)',
    'ALTER TABLE bench_rows ALTER body SET STORAGE EXTERNAL',
    `INSERT INTO bench_rows SELECT n, 'o' || lpad(n::text, 8, '0'), decode(repeat(md5(n::text), 256), 'hex') FROM generate_series(1, 20000) n`,
    'VACUUM ANALYZE bench_rows',
  ]

  /** Transactions a second, over so many connections. */
  async run(row: PostgresRow, seconds: number): Promise<number> {
    const { port, password, directory, connections } = this.#options
    const file = join(directory, `${row}.sql`)
    await writeFile(file, SCRIPTS[row])
    const load = ['-n', '-M', 'prepared', '-c', `${connections}`, '-j', '2', '-T', `${Math.max(1, Math.round(seconds))}`]
    const { stdout } = await execute('pgbench', ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres', ...load, '-f', file, 'postgres'], {
      env: { ...process.env, PGPASSWORD: password },
    })
    const rate = /^tps = ([\d.]+)/m.exec(stdout)?.[1]
    if (rate === undefined) throw new Error(`pgbench says no rate: ${stdout}`)
    return Number(rate)
  }
}
