import { createHash } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Place, Target } from './client.ts'
import { multipartETag, sha256Of } from './content.ts'
import { sdkClient } from './sdk-client.ts'

const PARALLEL_PUTS = 32

/** What `x-amz-meta-…` says of an object. */
type Metadata = Readonly<Record<string, string>>

/**
 * The second path to what the server holds: an AWS SDK of its own. Keys are compared as listings give them, in XML, where
 * no client's way of writing them into a URL can hide a fault of ours.
 */
export class Witness {
  readonly #s3: S3Client

  private constructor(s3: S3Client) {
    this.#s3 = s3
  }

  static async open(target: Target): Promise<Witness> {
    return new Witness(await sdkClient(target))
  }

  close(): void {
    this.#s3.destroy()
  }

  async hasBucket(bucket: string): Promise<boolean> {
    try {
      await this.#s3.send(new HeadBucketCommand({ Bucket: bucket }))
      return true
    } catch (error) {
      if ((error as { readonly name?: string }).name === 'NotFound') return false
      throw error
    }
  }

  async makeBucket(bucket: string): Promise<void> {
    await this.#s3.send(new CreateBucketCommand({ Bucket: bucket }))
  }

  /** Every key, in order. */
  async keys(bucket: string, prefix = ''): Promise<readonly string[]> {
    const keys: string[] = []
    for await (const { Contents } of paginateListObjectsV2({ client: this.#s3 }, { Bucket: bucket, Prefix: prefix })) {
      keys.push(...(Contents ?? []).flatMap(({ Key }) => Key ?? []))
    }
    return keys
  }

  async put({ bucket, key }: Place, body: Buffer, metadata: Metadata = {}): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, Metadata: metadata }))
  }

  /** One byte under each of them. */
  async putAll(bucket: string, keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += PARALLEL_PUTS) {
      await Promise.all(keys.slice(at, at + PARALLEL_PUTS).map((key) => this.put({ bucket, key }, Buffer.from('.'))))
    }
  }

  async remove({ bucket, key }: Place): Promise<void> {
    await this.#s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
  }

  /** Says what is wrong with an object that was put whole, or null: its key in a listing, its bytes, size, ETag, and metadata, of which there may be more. */
  async faultOf(place: Place, bytes: Buffer, metadata: Metadata = {}): Promise<string | null> {
    if (!(await this.keys(place.bucket, place.key)).includes(place.key)) {
      return `the server does not list ${JSON.stringify(place.key)}, but ${listOf(await this.keys(place.bucket))}`
    }
    const { Body, ContentLength, ETag, Metadata } = await this.#s3.send(new GetObjectCommand({ Bucket: place.bucket, Key: place.key }))
    const held = Buffer.from((await Body?.transformToByteArray()) ?? [])
    if (!held.equals(bytes)) return `the server holds other bytes (${held.length}) than were sent (${bytes.length})`
    if (ContentLength !== bytes.length) return `the server says that ${bytes.length} bytes are ${ContentLength}`
    const lost = Object.keys(metadata).find((name) => Metadata?.[name] !== metadata[name])
    if (lost !== undefined) return `its metadata ${lost} is lost`
    const expected = `"${createHash('md5').update(bytes).digest('hex')}"`
    return ETag === expected ? null : `the ETag is ${ETag}, and not ${expected}`
  }

  /** The same for an object that was sent in parts, from a file. */
  async multipartFaultOf({ bucket, key }: Place, file: string): Promise<string | null> {
    const { Body, ETag } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    const held = await sha256Of(Body as unknown as AsyncIterable<Uint8Array>)
    if (held !== (await sha256Of(file))) return 'the server holds other bytes than were sent'
    const first = await this.#s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, PartNumber: 1 }))
    if ((first.PartsCount ?? 1) < 2) return `it was sent in ${first.PartsCount ?? 'no'} parts`
    const expected = await multipartETag(file, first.ContentLength ?? 0)
    return ETag === expected ? null : `the ETag is ${ETag}, and not ${expected}`
  }
}

function listOf(keys: readonly string[]): string {
  const shown = keys.slice(0, 8).map((key) => JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key))
  return `${shown.join(', ')}${keys.length > shown.length ? `, and ${keys.length - shown.length} more` : ''}` || 'nothing'
}
