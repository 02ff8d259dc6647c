import { Readable } from 'node:stream'
import { accountCaller } from '@stowage/core'
import type { Engine, OpenedObject, OperationName, Session } from '@stowage/core'
import { isLendingReadable } from '@stowage/core/backend'
import { drive } from '../load/drive.ts'
import { keyOf, turnOf } from '../load/load-plan.ts'
import type { LoadPlan, LoadResult, LoadRun, MultipartResult, MultipartRun } from '../load/load-plan.ts'
import { pattern } from '../load/pattern.ts'

/** As a socket gives them. */
const CHUNK_SIZE = 64 * 1024

/** Runs a plan against the engine, without a door: a session for each operation, as doors make them. */
export class EngineLoad {
  readonly #engine: Engine
  readonly #caller: ReturnType<typeof accountCaller>

  constructor(engine: Engine, account: string) {
    this.#engine = engine
    this.#caller = accountCaller(account, 'bench')
  }

  run({ plan, concurrency, secondsMax }: LoadRun): Promise<LoadResult> {
    const perform = this.#performer(plan)
    return drive({ count: plan.count, concurrency, secondsMax, step: (index) => perform(turnOf(plan, index)) })
  }

  async multipart(run: MultipartRun): Promise<MultipartResult> {
    const target = { bucket: { name: run.bucket }, key: run.key }
    const body = pattern(run.partSize)
    const { uploadId } = await this.#as('CreateMultipartUpload').createUpload(target)
    const parts = Array.from({ length: run.parts }, (_, index) => ({ partNumber: index + 1, etag: '' }))
    const { seconds } = await drive({
      count: run.parts,
      concurrency: run.concurrency,
      secondsMax: 600,
      step: async (index) => {
        const { etag } = await this.#as('UploadPart').uploadPart({ ...target, uploadId, partNumber: index + 1, body, size: body.length })
        parts[index] = { partNumber: index + 1, etag }
        return body.length
      },
    })
    const begun = performance.now()
    await this.#as('CompleteMultipartUpload').completeUpload({ ...target, uploadId, parts })
    const ended = performance.now()
    const bytes = await read(await this.#as('GetObject').getObject(target))
    const firstGetMilliseconds = performance.now() - ended
    if (bytes !== run.parts * run.partSize) throw new Error(`get: ${bytes} bytes`)
    return { partsMilliseconds: seconds * 1000, completeMilliseconds: ended - begun, firstGetMilliseconds }
  }

  #as(operation: OperationName): Session {
    return this.#engine.as(this.#caller, { operation })
  }

  #performer(plan: LoadPlan): (index: number) => Promise<number> {
    switch (plan.kind) {
      case 'put':
        return this.#putter(plan)
      case 'get':
        return async (index) => {
          const bytes = await read(await this.#as('GetObject').getObject(target(plan, index)))
          if (bytes !== plan.size) throw new Error(`get: ${bytes} bytes instead of ${plan.size}`)
          return bytes
        }
      case 'head':
        return async (index) => {
          await this.#as('HeadObject').headObject(target(plan, index))
          return 0
        }
      case 'delete':
        return async (index) => {
          await this.#as('DeleteObject').deleteObject(target(plan, index))
          return 0
        }
      case 'list':
        return async () => {
          const { bucket, delimiter, startAfter, entries } = plan
          const asked = { ...(delimiter === undefined ? {} : { delimiter }), ...(startAfter === undefined ? {} : { startAfter }) }
          const page = await this.#as('ListObjects').listObjects({ bucket: { name: bucket }, ...asked })
          const found = page.objects.length + page.commonPrefixes.length
          if (found !== entries) throw new Error(`list: ${found} entries instead of ${entries}`)
          return 0
        }
    }
  }

  #putter(plan: LoadPlan & { readonly kind: 'put' }): (index: number) => Promise<number> {
    const bytes = pattern(plan.size)
    return async (index) => {
      // Small ones at once, large ones as they would come from a socket.
      const body = bytes.length <= CHUNK_SIZE ? bytes : Readable.from(chunks(bytes), { objectMode: false })
      await this.#as('PutObject').putObject({ ...target(plan, index), body, size: bytes.length })
      return bytes.length
    }
  }
}

function target({ keys }: Extract<LoadPlan, { readonly keys: unknown }>, index: number): { bucket: { name: string }; key: string } {
  return { bucket: { name: keys.bucket }, key: keyOf(keys, index) }
}

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_SIZE) yield bytes.subarray(at, at + CHUNK_SIZE)
}

/** Reads an object to its end and counts; chunks that were lent are given back, as doors do. */
async function read(opened: OpenedObject): Promise<number> {
  if (opened.bytes !== null) {
    opened.close()
    return opened.bytes.length
  }
  const stream = await opened.open()
  const lent = isLendingReadable(stream) ? stream : null
  let length = 0
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      lent?.releaseChunk(chunk)
    })
    stream.once('end', resolve)
    stream.once('error', reject)
  })
  return length
}
