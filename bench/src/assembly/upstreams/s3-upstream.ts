import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { s3Backend } from '@stowage/backend-s3'
import type { Backend } from '@stowage/core/backend'
import type { Cell, UpstreamAddress } from '../cell.ts'
import type { Way } from '../ways/way.ts'
import type { Upstream } from './upstream.ts'

/** An S3-compatible service. Directly means: a multipart upload by the vendor's client, as it comes. */
export class S3Upstream implements Upstream {
  readonly #address: UpstreamAddress & { readonly kind: 's3' }

  constructor(address: UpstreamAddress & { readonly kind: 's3' }) {
    this.#address = address
  }

  /** The vendor's client; whoever asks for it destroys it. */
  client(): S3Client {
    const { endpoint, region, accessKeyId, secretAccessKey } = this.#address
    return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  }

  async prepare(): Promise<void> {
    const client = this.client()
    await client.send(new CreateBucketCommand({ Bucket: this.#address.bucket }))
    client.destroy()
  }

  backend({ prefix }: Cell): Backend {
    const { endpoint, region, accessKeyId, secretAccessKey, bucket } = this.#address
    return s3Backend({ bucket, prefix, endpoint, region, credentials: { accessKeyId, secretAccessKey } })
  }

  direct({ prefix }: Cell): Way {
    return new S3MultipartWay(this.client(), this.#address.bucket, `${prefix}/direct`)
  }

  async clear({ prefix }: Cell): Promise<void> {
    const client = this.client()
    const { bucket } = this.#address
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${prefix}/` })) {
      if (Contents.length === 0) continue
      const Objects = Contents.map(({ Key }) => ({ Key }))
      await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
    }
    client.destroy()
  }
}

/** A multipart upload of the vendor's. */
export class S3MultipartWay implements Way {
  readonly concurrencyMax: number = Infinity
  readonly #client: S3Client
  readonly #object: { readonly Bucket: string; readonly Key: string }
  readonly #parts: { PartNumber: number; ETag: string }[] = []
  #uploadId = ''

  constructor(client: S3Client, bucket: string, key: string) {
    this.#client = client
    this.#object = { Bucket: bucket, Key: key }
  }

  async start(): Promise<void> {
    const { UploadId = '' } = await this.#client.send(new CreateMultipartUploadCommand(this.#object))
    this.#uploadId = UploadId
  }

  async part(index: number, bytes: Buffer): Promise<void> {
    const input = { ...this.#object, UploadId: this.#uploadId, PartNumber: index + 1, Body: bytes }
    const { ETag = '' } = await this.#client.send(new UploadPartCommand(input))
    this.#parts[index] = { PartNumber: index + 1, ETag }
  }

  async complete(): Promise<void> {
    const input = { ...this.#object, UploadId: this.#uploadId, MultipartUpload: { Parts: this.#parts } }
    await this.#client.send(new CompleteMultipartUploadCommand(input))
  }

  async read(): Promise<Readable> {
    const { Body } = await this.#client.send(new GetObjectCommand(this.#object))
    if (!(Body instanceof Readable)) throw new Error('The answer has no body.')
    return Body
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }
}
