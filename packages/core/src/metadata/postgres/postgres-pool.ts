/** What the store needs of a `pg` Pool. The user makes it, sizes it and ends it. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
  /** That of a `pg` Pool: a connection that is new is told of before anybody has it. */
  on?(event: 'connect', listener: (client: PostgresClient) => void): unknown
}

/** A connection, taken out of the pool. */
export interface PostgresClient {
  /** Whether queries are sent while others wait for their answers: that of a `pg` Pool made with `pipeline: true`. */
  readonly pipeline?: boolean
  query(query: PostgresQuery): Promise<PostgresResult>
  /** With `true` the connection is thrown away. */
  release(destroy?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** A query in `pg`'s words. */
export interface PostgresQuery {
  readonly text: string
  readonly values?: unknown[]
  readonly rowMode: 'array'
  /** Makes the server keep the parsed statement under this name, for this connection. */
  readonly name?: string
  /** How long the client waits for the answer. Milliseconds. */
  readonly query_timeout?: number
  readonly types: { getTypeParser(oid: number): (text: string) => unknown }
}

/** What comes back: rows by position, and the command that ran. */
export interface PostgresResult {
  readonly rows: unknown[][]
  readonly command: string
}
