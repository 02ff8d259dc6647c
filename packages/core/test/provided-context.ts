/** What `postgres-global-setup.ts` gives to every test of a run. */
export interface PostgresProvision {
  /** A superuser's connection string to a Postgres that lives as long as the run. */
  readonly postgresUrl: string
  /** Whether a pooler is there, which lends connections for a transaction at a time. */
  readonly postgresPooled: boolean
  /** Whether connections of stores send queries before those in front have answered. */
  readonly postgresPipelined: boolean
  /** Whether the tables of stores are partitioned. */
  readonly postgresPartitioned: boolean
}

declare module 'vitest' {
  interface ProvidedContext extends PostgresProvision {}
}
