import { StorageError } from '@stowage/core/backend'
import { BACKEND_NAME } from './errors.ts'
import type { FailedCall } from './errors.ts'

type Operation = FailedCall['operation']

/** How one thing that is under way is told to end, with what its caller is told. */
type End = (reason: StorageError<'BackendUnavailable'>) => void

/** What is under way in one backend, so that closing it ends it: requests, streams, bodies that are being read. */
export class Closing {
  #isClosed = false
  readonly #underWay = new Map<End, Operation>()

  /** Counts something in; the result counts it out. Fails where the backend is closed. */
  enter(operation: Operation, end: End): () => void {
    if (this.#isClosed) throw closed(operation)
    this.#underWay.set(end, operation)
    return () => void this.#underWay.delete(end)
  }

  /** Ends everything that is under way; nothing new begins. */
  close(): void {
    this.#isClosed = true
    const ends = [...this.#underWay]
    this.#underWay.clear()
    for (const [end, operation] of ends) end(closed(operation))
  }
}

function closed(operation: Operation): StorageError<'BackendUnavailable'> {
  return new StorageError('BackendUnavailable', { backend: BACKEND_NAME, operation }, { message: 'The backend is closed.' })
}
