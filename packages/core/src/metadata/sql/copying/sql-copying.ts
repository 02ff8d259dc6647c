import type { StoreCopying, StoreRows, WriteCopyCommand, WriteCopyOutcome } from '../../copying.ts'
import { readDocuments } from '../documents.ts'
import { patiently } from '../patiently.ts'
import type { HeldReads } from '../held-reads.ts'
import type { ReadProgram, SqlDriver } from '../sql-driver.ts'
import { columnsOf, countRows, readRows, readSequence } from './read-rows.ts'
import { readMark } from './store-mark.ts'

/** Neither is a character to Postgres, in text or in JSON. */
const UNKEPT = /\0|\p{Surrogate}/u

/** A store as rows, over any SQL driver. Whole tables take as long as they do. */
export function sqlCopying(driver: SqlDriver, held: HeldReads): StoreCopying {
  const keepsAll = driver.dialect.name === 'sqlite'
  return {
    ...rowsBy((program) => driver.readConsistent((context) => patiently(program(context)))),
    textFault: (text) => (keepsAll || !UNKEPT.test(text) ? null : 'holds U+0000 or half a surrogate pair, which Postgres cannot keep'),
    readMark: () => driver.read(readMark),
    write: (command: WriteCopyCommand): Promise<WriteCopyOutcome> => driver.command('writeCopy', command),
    held: (use) => held.run((read) => use(rowsBy((program) => read((context) => patiently(program(context)))))),
  }
}

type Read = <T>(program: ReadProgram<T>) => Promise<T>

function rowsBy(read: Read): StoreRows {
  return {
    columns: columnsOf,
    rows: (query) => read((context) => readRows(context, query)),
    count: (table) => read(() => countRows(table)),
    sequence: () => read(readSequence),
    readDocuments: (query) => read(() => readDocuments(query)),
  }
}
