import type { AsyncCommand } from 'fast-check'
import type { Operation } from './operation.ts'
import { list, listUploads, listVersions } from './perform-listings.ts'
import { copy, createBucket, deleteBucket, deleteMany, deleteOne, get, put, setVersioning } from './perform-objects.ts'
import {
  abortAppend,
  abortUpload,
  append,
  completeUpload,
  createAppend,
  createUpload,
  finishAppend,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './perform-uploads.ts'
import type { RunState } from './run-state.ts'

const DAY_MS = 86_400_000

const PERFORM: { readonly [K in Operation['op']]: (state: RunState, operation: Extract<Operation, { op: K }>) => Promise<void> } = {
  createBucket,
  deleteBucket,
  setVersioning,
  put,
  get,
  delete: deleteOne,
  deleteMany,
  copy,
  list,
  listVersions,
  listUploads,
  createUpload,
  uploadPart,
  uploadPartCopy,
  completeUpload,
  abortUpload,
  listParts,
  createAppend,
  append,
  finishAppend,
  abortAppend,
  advance: async (state, { seconds }) => advance(state, seconds * 1000),
  collect: async (state, { days }) => {
    advance(state, days * DAY_MS)
    await state.world.collect()
    state.model.now = state.world.time.now()
    state.model.expireUploads()
  },
  reopen: (state) => state.world.reopen(),
}

function advance(state: RunState, milliseconds: number): void {
  state.world.time.advance(milliseconds)
  state.model.now = state.world.time.now()
}

/** Does one operation on both sides, and throws where they differ. */
export async function perform<K extends Operation['op']>(state: RunState, operation: Extract<Operation, { op: K }>): Promise<void> {
  await PERFORM[operation.op](state, operation)
}

/** An operation as a command of fast-check, which prints and shrinks it. */
export class OperationCommand implements AsyncCommand<RunState, null> {
  readonly operation: Operation

  constructor(operation: Operation) {
    this.operation = operation
  }

  check(): boolean {
    return true
  }

  run(state: RunState): Promise<void> {
    return perform(state, this.operation as never)
  }

  toString(): string {
    return JSON.stringify(this.operation)
  }
}
