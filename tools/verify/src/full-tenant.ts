import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { clientOf } from './client.ts'
import { mustRun } from './run-command.ts'
import { startStowage, stowageCommand } from './server.ts'
import type { Ready, RunningStowage } from './server.ts'
import { withTmpfs } from './with-tmpfs.ts'

interface Made {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly place: { readonly folder: string }
}

const REFUSALS = 5

/** A tenant whose metadata is on a disk that gets full, beside one whose is not. Gives back what went wrong. */
export async function fullTenant(data: string): Promise<readonly string[]> {
  await mkdir(data, { recursive: true })
  const [small, other] = [await say(['tenants', 'create', 'small', data]), await say(['tenants', 'create', 'other', data])]
  return withTmpfs(join(data, 'tenants', 'on-a-small-disk'), '6m', async () => {
    await say(['tenants', 'suspend', 'small', data])
    await cp(join(data, 'tenants', small.place.folder), join(data, 'tenants', 'on-a-small-disk'), { recursive: true })
    await say(['tenants', 'place', 'small', data, '--folder', 'on-a-small-disk'])
    await say(['tenants', 'resume', 'small', data])
    const server = await startStowage([data, '--tenants'])
    try {
      return await fill(server, small, other)
    } finally {
      server.process.kill('SIGTERM')
      await server.ended
    }
  })
}

async function fill({ ready }: RunningStowage, small: Made, other: Made): Promise<readonly string[]> {
  const failures: string[] = []
  const [full, beside] = [clientOf(withKey(ready, small)), clientOf(withKey(ready, other))]
  for (const client of [full, beside]) await client.send(new CreateBucketCommand({ Bucket: 'photos' }))
  const kept: string[] = []
  let refused = 0
  for (let number = 0; number < 2_000 && refused < REFUSALS; number += 1) {
    const status = await put(full, `o${number}`)
    if (status === 200) kept.push(`o${number}`)
    else refused += 1
    if (status !== 200 && status !== 507) failures.push(`a put of the full tenant answered ${status}`)
    const besideStatus = await put(beside, `o${number}`)
    if (besideStatus !== 200) failures.push(`a put of the other tenant answered ${besideStatus}`)
  }
  if (refused < REFUSALS) failures.push('the disk never got full')
  for (const Key of kept) {
    const { Body } = await full.send(new GetObjectCommand({ Bucket: 'photos', Key }))
    if ((await Body?.transformToByteArray())?.length !== SIZE) failures.push(`${Key} was acknowledged and is not whole`)
  }
  for (const client of [full, beside]) client.destroy()
  return failures
}

/** Lies in the metadata itself. */
const SIZE = 60_000

async function put(client: S3Client, Key: string): Promise<number | undefined> {
  try {
    const { $metadata } = await client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: Buffer.alloc(SIZE, Key) }))
    return $metadata.httpStatusCode
  } catch (error) {
    return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  }
}

async function say(args: readonly string[]): Promise<Made> {
  const [command = '', ...rest] = stowageCommand(args)
  return JSON.parse(await mustRun(command, rest)) as Made
}

function withKey(ready: Ready, { accessKeyId, secretAccessKey }: Made): Ready {
  return { ...ready, accessKeyId, secretAccessKey }
}
