import { importsOf, isTest, resolveRelative } from './imports.ts'
import type { Check } from './repository.ts'

const FOLDER = 'packages/s3-protocol/src/operations/'
const TABLE = `${FOLDER}index.ts`
const NOT_OPERATIONS = new Set([TABLE, `${FOLDER}unsupported.ts`])

/** Every operation file is in the routing table: an operation that nobody can reach looks finished and is not. */
export const registeredOperations: Check = (files) => {
  const operations = files.filter(
    ({ path }) => path.startsWith(FOLDER) && !path.slice(FOLDER.length).includes('/') && !NOT_OPERATIONS.has(path) && !isTest(path),
  )
  const table = files.find((file) => file.path === TABLE)
  const registered = new Set(
    table === undefined ? [] : importsOf(table).flatMap((found) => (found.typeOnly ? [] : [resolveRelative(TABLE, found.specifier)])),
  )
  return operations.filter(({ path }) => !registered.has(path)).map(({ path }) => ({ path, line: 1, message: `is not in ${TABLE}` }))
}
