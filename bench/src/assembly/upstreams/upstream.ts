import type { Backend } from '@stowage/core/backend'
import type { Way } from '../ways/way.ts'
import type { Cell } from '../cell.ts'

/** A service, as its vendor's client and as our backend see it. */
export interface Upstream {
  /** Makes the bucket. */
  prepare(): Promise<void>
  backend(cell: Cell): Backend
  direct(cell: Cell): Way
  /** Removes what a cell has written. */
  clear(cell: Cell): Promise<void>
}
