import { initial } from './0001-initial.ts'
import { extentCount } from './0002-extent-count.ts'
import { ownerAccount } from './0003-owner-account.ts'
import { coveringOwnerIndex } from './0004-covering-owner-index.ts'
import type { Migration } from './migration.ts'

/** Every migration there is, oldest first. Only ever appended to. */
export const MIGRATIONS: readonly Migration[] = [initial, extentCount, ownerAccount, coveringOwnerIndex]
