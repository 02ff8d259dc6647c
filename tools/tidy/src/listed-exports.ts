import { packageOf } from './imports.ts'
import type { Check } from './repository.ts'
import { lineAt, readSource } from './source-text.ts'

/** A door lists what it lets through: no `export *`, so that a new name is public only on purpose. */
export const listedExports: Check = (files) =>
  files
    .filter((file) => packageOf(file.path) !== null)
    .flatMap((file) => {
      const { code } = readSource(file.text)
      return [...code.matchAll(/\bexport\s+(?:type\s+)?\*/g)].map((match) => ({
        path: file.path,
        line: lineAt(code, match.index),
        message: 'export *: list the names by hand',
      }))
    })
