import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { HashReply, HashRequest } from './hash-messages.ts'

/** The hashes of every stream that this thread is in the middle of. */
const streams = new Map<number, readonly Hash[]>()

function answer(request: HashRequest): HashReply {
  const { stream, slab, end } = request
  const hashes = request.start?.map((name) => createHash(name)) ?? streams.get(stream) ?? []
  if (slab !== undefined && end !== 'abort') {
    const bytes = new Uint8Array(slab, 0, request.length)
    for (const hash of hashes) hash.update(bytes)
  }
  const back = slab === undefined ? {} : { slab }
  if (end === undefined) {
    streams.set(stream, hashes)
    return { stream, ...back }
  }
  streams.delete(stream)
  return { stream, ...back, digests: end === 'digest' ? hashes.map((hash) => hash.digest()) : [] }
}

function reply(message: HashReply): void {
  parentPort?.postMessage(message, message?.slab === undefined ? [] : [message.slab])
}

parentPort?.on('message', (request: HashRequest) => reply(answer(request)))
reply(null)
