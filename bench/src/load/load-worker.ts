import { createHash } from 'node:crypto'
import { answerCommands } from '../processes/channel.ts'
import { Connection } from './connection.ts'
import type { Reply } from './connection.ts'
import { drive } from './drive.ts'
import { keyOf, turnOf } from './load-plan.ts'
import type { LoadPlan, LoadResult, LoadRun, MultipartResult, MultipartRun, S3Target } from './load-plan.ts'
import { pattern } from './pattern.ts'
import { RequestSigner } from './signed-request.ts'

/** What the load generator understands. `prepare` signs and connects, `run` is what the clock is held to. */
export type LoadCommands = {
  readonly createBucket: { readonly input: { readonly target: S3Target; readonly bucket: string }; readonly output: void }
  readonly prepare: {
    readonly input: { readonly target: S3Target; readonly run: LoadRun }
    readonly output: { readonly firstLength: number }
  }
  readonly run: { readonly input: null; readonly output: LoadResult }
  readonly multipart: { readonly input: { readonly target: S3Target; readonly run: MultipartRun }; readonly output: MultipartResult }
}

interface Prepared {
  readonly run: LoadRun
  readonly heads: readonly Buffer[]
  readonly body: Buffer | null
  readonly connections: readonly Connection[]
}

let prepared: Prepared | null = null

function headsOf(plan: LoadPlan, signer: RequestSigner): readonly Buffer[] {
  const numbers = Array.from({ length: plan.kind === 'list' ? 1 : plan.distinct }, (_, index) => index)
  if (plan.kind === 'list') {
    const query = {
      'list-type': '2',
      'max-keys': '1000',
      ...(plan.delimiter === undefined ? {} : { delimiter: plan.delimiter }),
      ...(plan.startAfter === undefined ? {} : { 'start-after': plan.startAfter }),
    }
    const head = signer.sign({ method: 'GET', path: `/${plan.bucket}`, query })
    return numbers.map(() => head)
  }
  const body = plan.kind === 'put' ? { bodyLength: plan.size } : {}
  return numbers.map((index) =>
    signer.sign({ method: plan.kind.toUpperCase(), path: `/${plan.keys.bucket}/${keyOf(plan.keys, index)}`, ...body }),
  )
}

async function prepare(target: S3Target, run: LoadRun): Promise<{ readonly firstLength: number }> {
  for (const connection of prepared?.connections ?? []) connection.close()
  const heads = headsOf(run.plan, new RequestSigner(target))
  const connections = await Promise.all(Array.from({ length: run.concurrency }, () => Connection.open(target.endpoint)))
  prepared = { run, heads, body: run.plan.kind === 'put' ? pattern(run.plan.size) : null, connections }
  return { firstLength: await checkFirst(prepared) }
}

/** Reads one answer whole before the clock runs: a fast server of wrong bytes is no use. */
async function checkFirst({ run: { plan }, heads, connections }: Prepared): Promise<number> {
  const [connection] = connections
  const [head] = heads
  if (connection === undefined || head === undefined || (plan.kind !== 'get' && plan.kind !== 'list')) return 0
  const reply = await connection.exchange(head, null, { keepBody: true })
  expect(reply, 200, plan.kind)
  const body = reply.body ?? Buffer.alloc(0)
  if (plan.kind === 'get') {
    if (!body.equals(pattern(plan.size))) throw new Error(`get: ${body.length} bytes that are not those that were put`)
  } else if (plan.entries > 0) {
    const entries = body.toString('latin1').match(/<(?:Contents|CommonPrefixes)>/g)?.length ?? 0
    if (entries !== plan.entries) throw new Error(`list: ${entries} entries instead of ${plan.entries}`)
  }
  return body.length
}

const SUCCESS: Readonly<Record<LoadPlan['kind'], number>> = { put: 200, get: 200, head: 200, delete: 204, list: 200 }

async function runPrepared(): Promise<LoadResult> {
  if (prepared === null) throw new Error('Nothing is prepared.')
  const { run, heads, body, connections } = prepared
  const { plan, concurrency, secondsMax } = run
  const status = SUCCESS[plan.kind]
  const options = { headOnly: plan.kind === 'head' }
  const size = plan.kind === 'get' ? plan.size : null
  const step = async (index: number, lane: number): Promise<number> => {
    const connection = connections[lane]
    const head = heads[turnOf({ ...plan, distinct: heads.length }, index)]
    if (connection === undefined || head === undefined) throw new Error('no such connection or request')
    const reply = await connection.exchange(head, body, options)
    if (reply.status !== status) expect(reply, status, plan.kind)
    if (size !== null && reply.length !== size) throw new Error(`get: ${reply.length} bytes instead of ${size}`)
    return body === null ? reply.length : body.length
  }
  const result = await drive({ count: plan.count, concurrency, secondsMax, step })
  for (const connection of connections) connection.close()
  prepared = null
  return result
}

function expect(reply: Reply, status: number, what: string): void {
  if (reply.status === status) return
  throw new Error(`${what}: ${reply.status} instead of ${status}: ${reply.head}\n${reply.body?.toString('utf8').slice(0, 500) ?? ''}`)
}

async function createBucket(target: S3Target, bucket: string): Promise<void> {
  const connection = await Connection.open(target.endpoint)
  const head = new RequestSigner(target).sign({ method: 'PUT', path: `/${bucket}`, bodyLength: 0 })
  expect(await connection.exchange(head, null, { keepBody: true }), 200, 'create bucket')
  connection.close()
}

async function multipart(target: S3Target, run: MultipartRun): Promise<MultipartResult> {
  const signer = new RequestSigner(target)
  const path = `/${run.bucket}/${run.key}`
  const body = pattern(run.partSize)
  const connections = await Promise.all(Array.from({ length: run.concurrency }, () => Connection.open(target.endpoint)))
  const [first] = connections
  if (first === undefined) throw new Error('no connection')
  const created = await first.exchange(signer.sign({ method: 'POST', path, query: { uploads: '' }, bodyLength: 0 }), null, {
    keepBody: true,
  })
  expect(created, 200, 'create upload')
  const uploadId = /<UploadId>([^<]+)</.exec(created.body?.toString() ?? '')?.[1] ?? ''
  const heads = Array.from({ length: run.parts }, (_, index) =>
    signer.sign({ method: 'PUT', path, query: { partNumber: `${index + 1}`, uploadId }, bodyLength: body.length }),
  )
  const etags = Array.from({ length: run.parts }, () => '')
  const { seconds } = await drive({
    count: run.parts,
    concurrency: run.concurrency,
    secondsMax: 600,
    step: async (index, lane) => {
      const reply = await (connections[lane] ?? first).exchange(heads[index] ?? Buffer.alloc(0), body)
      expect(reply, 200, 'upload part')
      etags[index] = /\r\netag: *([^\r]+)/i.exec(reply.head)?.[1] ?? ''
      return body.length
    },
  })
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
  const document = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
  const bodyHash = createHash('sha256').update(document).digest('hex')
  const completeHead = signer.sign({ method: 'POST', path, query: { uploadId }, bodyLength: document.length, bodyHash })
  const headOnly = run.headOnly === true
  const readHead = signer.sign({ method: headOnly ? 'HEAD' : 'GET', path })
  const begun = performance.now()
  const completed = await first.exchange(completeHead, document, { keepBody: true })
  const ended = performance.now()
  expect(completed, 200, 'complete upload')
  if (completed.body?.includes('<CompleteMultipartUploadResult') !== true) throw new Error(`complete upload: ${completed.body?.toString()}`)
  const got = await first.exchange(readHead, null, { headOnly })
  const read = performance.now()
  expect(got, 200, 'get')
  const length = headOnly ? Number(/\r\ncontent-length: *(\d+)/i.exec(got.head)?.[1] ?? NaN) : got.length
  if (length !== run.parts * run.partSize) throw new Error(`get: ${length} bytes`)
  for (const connection of connections) connection.close()
  return { partsMilliseconds: seconds * 1000, completeMilliseconds: ended - begun, firstGetMilliseconds: read - ended }
}

answerCommands<LoadCommands>({
  createBucket: ({ target, bucket }) => createBucket(target, bucket),
  prepare: ({ target, run }) => prepare(target, run),
  run: () => runPrepared(),
  multipart: ({ target, run }) => multipart(target, run),
})
