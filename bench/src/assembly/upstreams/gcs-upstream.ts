import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Storage } from '@google-cloud/storage'
import type { File } from '@google-cloud/storage'
import { gcsBackend } from '@stowage/backend-gcs'
import type { Backend } from '@stowage/core/backend'
import type { Cell, UpstreamAddress } from '../cell.ts'
import type { Way } from '../ways/way.ts'
import type { Upstream } from './upstream.ts'

/** Google Cloud Storage, or what emulates it. Directly means: one resumable upload by the vendor's client, as it comes. */
export class GcsUpstream implements Upstream {
  readonly #address: UpstreamAddress & { readonly kind: 'gcs' }

  constructor(address: UpstreamAddress & { readonly kind: 'gcs' }) {
    this.#address = address
  }

  async prepare(): Promise<void> {
    await this.#storage().createBucket(this.#address.bucket)
  }

  backend({ prefix }: Cell): Backend {
    const { bucket, endpoint } = this.#address
    return gcsBackend({ bucket, prefix, apiEndpoint: endpoint })
  }

  direct({ prefix }: Cell): Way {
    return new ResumableWay(this.#storage().bucket(this.#address.bucket).file(`${prefix}/direct`))
  }

  async clear({ prefix }: Cell): Promise<void> {
    await this.#storage()
      .bucket(this.#address.bucket)
      .deleteFiles({ prefix: `${prefix}/`, force: true })
  }

  #storage(): Storage {
    return new Storage({ apiEndpoint: this.#address.endpoint, projectId: 'bench' })
  }
}

/** A session takes its bytes one behind the other, so parts wait for each other. */
class ResumableWay implements Way {
  readonly concurrencyMax: number = 1
  readonly #file: File
  #stream: Writable | null = null

  constructor(file: File) {
    this.#file = file
  }

  async start(): Promise<void> {
    this.#stream = this.#file.createWriteStream({ resumable: true })
  }

  async part(_index: number, bytes: Buffer): Promise<void> {
    if (this.#stream?.write(bytes) === false) await once(this.#stream, 'drain')
  }

  async complete(): Promise<void> {
    if (this.#stream === null) return
    this.#stream.end()
    await finished(this.#stream, { readable: false })
  }

  async read(): Promise<Readable> {
    return this.#file.createReadStream()
  }

  async close(): Promise<void> {
    // Nothing stays open but sockets that wait.
  }
}
