import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { pattern } from '../load/pattern.ts'
import type { StraightResult, StraightRun } from './cell.ts'
import { S3MultipartWay, S3Upstream } from './upstreams/s3-upstream.ts'

const ODD_SIZE = 5 * 1024 * 1024 - 1

/** Sends parts as clients do straight into uploads upstream: twice, of an odd size, and never completed; and looks at what lies there then. */
export async function straightParts({ upstream, dataDirectory, prefix, parts, partSize }: StraightRun): Promise<StraightResult> {
  if (upstream.kind !== 's3') throw new Error('Only S3 has parts of that kind.')
  const client = new S3Upstream(upstream).client()
  const bytes = pattern(partSize)
  const wayTo = (name: string): S3MultipartWay => new S3MultipartWay(client, upstream.bucket, `${prefix}/${name}`)
  const sendAll = async (way: S3MultipartWay): Promise<void> => {
    for (let index = 0; index < parts; index += 1) await way.part(index, bytes)
  }
  let before = await bytesIn(dataDirectory)
  const growth = async (): Promise<number> => (await bytesIn(dataDirectory)) - before

  const resent = wayTo('resent')
  await resent.start()
  await sendAll(resent)
  await sendAll(resent)
  const resentBytes = await growth()
  await resent.complete()
  const completedBytes = await growth()

  before = await bytesIn(dataDirectory)
  const abandoned = wayTo('abandoned')
  await abandoned.start()
  await sendAll(abandoned)
  const abandonedBytes = await growth()
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: upstream.bucket, Prefix: `${prefix}/` }))

  const odd = wayTo('odd')
  await odd.start()
  await odd.part(0, bytes.subarray(0, ODD_SIZE))
  await odd.part(1, bytes)
  const oddSize = await odd.complete().then(
    () => 'taken',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  )
  client.destroy()
  return { objectBytes: parts * partSize, resentBytes, completedBytes, abandonedBytes, abandonedListed: Uploads.length, oddSize }
}

/** Bytes of all files below, as their lengths add up. */
async function bytesIn(directory: string): Promise<number> {
  const { stdout } = await promisify(execFile)('du', ['--summarize', '--bytes', directory])
  return Number(stdout.split('\t')[0])
}
