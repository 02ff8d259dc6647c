import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Engine, JoinsOption, Observer, OperationName, Session } from '@stowage/core'
import type { Backend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { inChunks } from './way.ts'
import type { Way } from './way.ts'

const TARGET = { bucket: { name: 'bench' }, key: 'object' }
/** Parts of any size, and none kept in a row: real ones have 5 MiB or more and are blobs. */
const LIMITS = { partSizeMin: 1, inlineSizeMax: 0 }

/** Hears when the join behind Complete has ended. */
class JoinWatch implements Observer {
  readonly ended: Promise<void>
  #settle: (error: Error | null) => void = () => undefined

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === null ? resolve() : reject(error))
    })
    // Nobody may be waiting for it when it fails.
    this.ended.catch(() => undefined)
  }

  event(name: string, { error }: Readonly<Record<string, unknown>>): void {
    if (name === 'join.failed') this.#settle(new Error(`join: ${String(error)}`))
    if (name === 'join.ended') this.#settle(null)
    if (name === 'fault') console.error(error)
  }
}

/** An engine over SQLite, without a door. */
export class StowageWay implements Way {
  readonly concurrencyMax: number = Infinity
  readonly #open: () => Promise<Engine>
  readonly #parts: { partNumber: number; etag: string }[] = []
  readonly #joins: boolean
  readonly #joined: Promise<void>
  #engine: Engine | null = null
  #uploadId = ''

  constructor(backend: Backend, directory: string, joins: JoinsOption) {
    const observer = new JoinWatch()
    this.#joined = observer.ended
    this.#joins = joins !== 'never' && backend.joining !== undefined
    this.#open = () =>
      openEngine({
        metadata: sqliteMetadata({ file: join(directory, 'metadata.sqlite') }),
        backend,
        policy: ownersOnly(),
        limits: LIMITS,
        joins,
        observer,
      })
  }

  async start(): Promise<void> {
    this.#engine = await this.#open()
    await this.#as('CreateBucket').createBucket({ bucket: TARGET.bucket })
    const { uploadId } = await this.#as('CreateMultipartUpload').createUpload(TARGET)
    this.#uploadId = uploadId
  }

  async part(index: number, bytes: Buffer): Promise<void> {
    const at = { ...TARGET, uploadId: this.#uploadId, partNumber: index + 1 }
    const { etag } = await this.#as('UploadPart').uploadPart({ ...at, body: inChunks(bytes), size: bytes.length })
    this.#parts[index] = { partNumber: index + 1, etag }
  }

  async complete(): Promise<void> {
    await this.#as('CompleteMultipartUpload').completeUpload({ ...TARGET, uploadId: this.#uploadId, parts: this.#parts })
  }

  async settle(): Promise<void> {
    if (this.#joins) await this.#joined
  }

  async read(): Promise<Readable> {
    return (await this.#as('GetObject').getObject(TARGET)).open()
  }

  async close(): Promise<void> {
    await this.#engine?.close()
  }

  #as(operation: OperationName): Session {
    if (this.#engine === null) throw new Error('The way has not been started.')
    return this.#engine.as(accountCaller('root', 'bench'), { operation })
  }
}
