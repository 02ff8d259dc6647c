import { parentPort } from 'node:worker_threads'
import type { ForgetSlab, HashReply, HashRequest } from './hash-messages.ts'
import { createRunningChecksum } from './running-checksum.ts'
import type { RunningChecksum } from './running-checksum.ts'

/** The digests of every stream that this thread is in the middle of. */
const streams = new Map<number, readonly RunningChecksum[]>()

/** The memory that is shared with the main thread, by number. */
const slabs = new Map<number, Uint8Array>()

function answer(request: HashRequest): HashReply {
  const { stream, slab, memory, end } = request
  if (slab !== undefined && memory !== undefined) slabs.set(slab, new Uint8Array(memory))
  const digests = request.start?.map(createRunningChecksum) ?? streams.get(stream) ?? []
  if (slab !== undefined && end !== 'abort') {
    const bytes = slabs.get(slab)?.subarray(0, request.length) ?? new Uint8Array()
    for (const digest of digests) digest.update(bytes)
  }
  const back = slab === undefined ? {} : { slab }
  if (end === undefined) {
    streams.set(stream, digests)
    return { stream, ...back }
  }
  streams.delete(stream)
  return { stream, ...back, digests: end === 'digest' ? digests.map((digest) => digest.digest()) : [] }
}

parentPort?.on('message', (request: HashRequest | ForgetSlab) => {
  if ('forget' in request) slabs.delete(request.forget)
  else parentPort?.postMessage(answer(request), [])
})
parentPort?.postMessage(null satisfies HashReply, [])
