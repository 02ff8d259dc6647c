/** The words in which the two databases define tables differently. */
export interface SchemaWords {
  /** Text that compares by its UTF-8 bytes. */
  readonly text: string
  /** 64-bit integer. */
  readonly integer: string
  readonly bytes: string
  readonly json: string
  /** Behind a table whose primary key is no integer. */
  readonly withoutRowid: string
  /** `VIRTUAL` or `STORED`: how generated columns are kept. */
  readonly generated: string
  /** The segments of `key` between slashes, as the database's array: its type and its expression. */
  readonly pathTokens: string
  /** What follows the last slash of `key`. */
  readonly fileName: string
  /** What follows the last dot of the file name; the file name itself where it has none, as Supabase Storage has it. */
  readonly extension: string
  /** The primary key of `object_versions`: a listing needs the newest version of a key first, and must not sort. */
  readonly newestFirstKey: string
  /** The same as an index, where a primary key cannot say DESC. */
  readonly newestFirstIndex: readonly string[]
  /** How the commit sequence is made. */
  readonly commitSequence: string
  /** Makes the index of owners anew, with what listings show; none where looking up rows costs little. */
  readonly coveringOwnerIndex: readonly string[]
}

/** One step of the schema. Append-only: what has been released never changes, and its text is checksummed. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: (words: SchemaWords) => readonly string[]
}
