import { AssertionError } from 'node:assert'

/** Stops at a mistake in our own code; never for what a caller, a client or a disk may do. Nobody catches the error. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError({ message, stackStartFn: assert })
}
