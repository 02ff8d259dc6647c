import { bundle } from './bundle.ts'
import type { PackedCheck } from './check.ts'
import { command } from './command.ts'
import { contents } from './contents.ts'
import { imports } from './imports.ts'
import { linters } from './linters.ts'
import { next } from './next.ts'
import { types } from './types.ts'

/** What can be found out about packages that are not published yet. */
export const CHECKS: readonly PackedCheck[] = [contents, linters, types, imports, command, bundle, next]
