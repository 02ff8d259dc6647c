import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { CheckName } from './check-names.ts'
import type { Operations } from './client.ts'
import { bytesOf, sha256Of, writeBytes } from './content.ts'
import { LISTED_KEYS, ODD_KEYS, TREE_NAMES } from './names.ts'
import { exchange } from './exchange.ts'
import type { TestServer } from './test-server.ts'
import type { Witness } from './witness.ts'

/** What a check works with. */
export interface CheckContext {
  readonly client: Operations
  readonly hasSync: boolean
  readonly server: TestServer
  readonly witness: Witness
  readonly bucket: string
  /** Empty, and for this check alone. */
  readonly directory: string
  /** How many bytes the upload in parts has. */
  readonly largeBytes: number
}

/** Each throws with a sentence where the client, or what the server then holds, is not as it has to be. */
export const CHECKS: Readonly<Record<CheckName, (context: CheckContext) => Promise<void>>> = {
  'make bucket': async ({ client, witness, bucket }) => {
    demand(!(await witness.hasBucket(bucket)), 'the bucket was there before')
    await client.makeBucket(bucket)
    demand(await witness.hasBucket(bucket), 'there is no bucket')
  },
  put,
  get,
  list,
  copy,
  multipart,
  'ranged get': rangedGet,
  'presigned get': presignedGet,
  'presigned put': presignedPut,
  'sync of a tree': syncTree,
  'key with `..`': (context) => oddKeys(context, 'key with `..`'),
  'key with `//`': (context) => oddKeys(context, 'key with `//`'),
  'key ending in `/`': (context) => oddKeys(context, 'key ending in `/`'),
  'key of 1,024 bytes': (context) => oddKeys(context, 'key of 1,024 bytes'),
  delete: deleteAll,
}

const SMALL_BYTES = 70_001
/** Above what a row holds: a blob, and so a file of its own. */
const MIDDLE_BYTES = 3 * 1024 ** 2 + 11

async function put({ client, witness, bucket, directory }: CheckContext): Promise<void> {
  for (const [key, size] of Object.entries({ 'put/with space +%🐈.bin': SMALL_BYTES, 'put/middle': MIDDLE_BYTES, 'put/empty': 0 })) {
    const file = join(directory, 'file')
    await writeFile(file, bytesOf(key, size))
    await client.put({ bucket, key }, file)
    complain(await witness.faultOf({ bucket, key }, bytesOf(key, size)))
  }
}

async function get({ client, witness, bucket, directory }: CheckContext): Promise<void> {
  for (const [key, size] of Object.entries({ 'get/with space +%🐈.bin': SMALL_BYTES, 'get/middle': MIDDLE_BYTES, 'get/empty': 0 })) {
    const file = join(directory, `file-of-${size}`)
    await witness.put({ bucket, key }, bytesOf(key, size))
    await client.get({ bucket, key }, file)
    demand((await readFile(file)).equals(bytesOf(key, size)), `${key} comes as other bytes`)
  }
}

async function list({ client, witness, bucket }: CheckContext): Promise<void> {
  await witness.putAll(bucket, LISTED_KEYS)
  const listed = (await client.list(bucket)).filter((key) => key.startsWith('listed/'))
  const missed = LISTED_KEYS.find((key) => !listed.includes(key))
  demand(missed === undefined, `${JSON.stringify(missed)} is not listed`)
  demand(listed.length === LISTED_KEYS.length, `${listed.length} keys are listed, where there are ${LISTED_KEYS.length}`)
}

/** A client that fetches an object and sends it again, instead of copying it, loses what it does not know of. */
async function copy({ client, witness, bucket }: CheckContext): Promise<void> {
  const from = { bucket, key: 'copy/from with space +%🐈.bin' }
  const to = { bucket, key: 'copy/to +%🐈 there.bin' }
  const bytes = bytesOf(from.key, MIDDLE_BYTES)
  await witness.put(from, bytes, { colour: 'tabby' })
  await client.copy(from, to.key)
  complain(await witness.faultOf(to, bytes, { colour: 'tabby' }))
  complain(await witness.faultOf(from, bytes, { colour: 'tabby' }))
}

async function multipart({ client, witness, bucket, directory, largeBytes }: CheckContext): Promise<void> {
  const place = { bucket, key: 'multipart/large +%🐈.bin' }
  const file = join(directory, 'large')
  await writeBytes(file, place.key, largeBytes)
  await client.put(place, file)
  complain(await witness.multipartFaultOf(place, file))
  await client.get(place, join(directory, 'back'))
  demand((await sha256Of(join(directory, 'back'))) === (await sha256Of(file)), 'it comes back as other bytes')
}

async function rangedGet({ client, witness, server, bucket, directory }: CheckContext): Promise<void> {
  const place = { bucket, key: 'range/with space +%🐈.bin' }
  const bytes = bytesOf(place.key, MIDDLE_BYTES)
  const file = join(directory, 'range')
  await witness.put(place, bytes)
  const mark = server.logged()
  await client.getRange(place, { first: 1_000_003, last: 2_500_006, head: bytes.subarray(0, 1_000_003) }, file)
  demand((await readFile(file)).equals(bytes.subarray(1_000_003, 2_500_007)), 'the range has other bytes')
  const asked = await server.requestsSince(mark)
  demand(
    asked.some(({ method, path, status }) => method === 'GET' && status === 206 && decodeURIComponent(path) === `/${bucket}/${place.key}`),
    'the server was not asked for a range',
  )
}

async function presignedGet({ client, witness, server, bucket }: CheckContext): Promise<void> {
  if (client.presignGet === null) throw new Error('it has nothing for it')
  const place = { bucket, key: 'presigned/get +%🐈.bin' }
  const bytes = bytesOf(place.key, SMALL_BYTES)
  await witness.put(place, bytes)
  const url = await client.presignGet(place)
  const answer = await exchange({ method: 'GET', url, caFile: server.target.caFile })
  demand(answer.status === 200, `the URL answers ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
  demand(answer.body.equals(bytes), 'the URL gives other bytes')
  const forged = await exchange({ method: 'GET', url: forge(url), caFile: server.target.caFile })
  demand(forged.status === 403, `the URL with another signature answers ${forged.status}`)
}

async function presignedPut({ client, witness, server, bucket }: CheckContext): Promise<void> {
  if (client.presignPut === null) throw new Error('it has nothing for it')
  const place = { bucket, key: 'presigned/put +%🐈.bin' }
  const body = bytesOf(place.key, SMALL_BYTES)
  const url = await client.presignPut(place)
  const forged = await exchange({ method: 'PUT', url: forge(url), caFile: server.target.caFile, body })
  demand(forged.status === 403, `the URL with another signature answers ${forged.status}`)
  demand(!(await witness.keys(bucket)).includes(place.key), 'the URL with another signature has written')
  const answer = await exchange({ method: 'PUT', url, caFile: server.target.caFile, body })
  demand(answer.status === 200, `the URL answers ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
  complain(await witness.faultOf(place, body))
}

async function syncTree({ client, hasSync, witness, server, bucket, directory }: CheckContext): Promise<void> {
  const [tree, back] = [join(directory, 'tree'), join(directory, 'back')]
  for (const name of TREE_NAMES) {
    await mkdir(dirname(join(tree, name)), { recursive: true })
    await writeFile(join(tree, name), contentOf(name))
  }
  await client.syncUp(tree, { bucket, prefix: 'tree' })
  for (const name of TREE_NAMES) complain(await witness.faultOf({ bucket, key: `tree/${name}` }, contentOf(name)))
  const held = await witness.keys(bucket, 'tree/')
  demand(held.length === TREE_NAMES.length, `the server holds ${held.length} objects for ${TREE_NAMES.length} files`)
  await mkdir(back)
  await client.syncDown({ bucket, prefix: 'tree' }, back)
  for (const name of TREE_NAMES) demand((await readFile(join(back, name))).equals(contentOf(name)), `${name} comes back as other bytes`)
  demand((await filesIn(back)).length === TREE_NAMES.length, 'more files come back than went in')
  if (!hasSync) return
  const mark = server.logged()
  await client.syncUp(tree, { bucket, prefix: 'tree' })
  const again = (await server.requestsSince(mark)).filter(({ method }) => method === 'PUT' || method === 'POST')
  demand(again.length === 0, `a second sync sends ${again.length} files again`)
}

async function oddKeys({ client, witness, bucket, directory }: CheckContext, check: CheckName): Promise<void> {
  for (const [at, key] of (ODD_KEYS[check] ?? []).entries()) {
    const place = { bucket, key }
    const shown = key.length > 60 ? `${key.slice(0, 1)} × ${key.length}` : key
    const [file, back] = [join(directory, `file-${at}`), join(directory, `back-${at}`)]
    const before = await witness.keys(bucket)
    await writeFile(file, bytesOf(key, SMALL_BYTES))
    try {
      await client.put(place, file)
      complain(await witness.faultOf(place, bytesOf(key, SMALL_BYTES)))
      await client.get(place, back)
      demand((await readFile(back)).equals(bytesOf(key, SMALL_BYTES)), 'it comes back as other bytes')
      await client.remove(place)
      demand((await witness.keys(bucket)).length === before.length, 'it is still there, or something else is gone')
    } catch (error) {
      throw new Error(`${shown}: ${(error as Error).message}`, { cause: error })
    } finally {
      for (const stray of await witness.keys(bucket)) if (!before.includes(stray)) await witness.remove({ bucket, key: stray })
    }
  }
}

async function deleteAll({ client, witness, bucket }: CheckContext): Promise<void> {
  const place = { bucket, key: 'delete/with space +%🐈.bin' }
  await witness.put(place, bytesOf(place.key, SMALL_BYTES))
  const before = await witness.keys(bucket)
  await client.remove(place)
  const after = await witness.keys(bucket)
  demand(!after.includes(place.key), 'the object is still there')
  demand(after.length === before.length - 1, 'more is gone than was asked for')
  demand(after.length > 1000, `only ${after.length} objects are left for the next step, which is about more than 1,000`)
  await client.empty(bucket)
  const left = await witness.keys(bucket)
  demand(left.length === 0, `${left.length} objects are left, ${JSON.stringify(left[0])} first`)
  await client.removeBucket(bucket)
  demand(!(await witness.hasBucket(bucket)), 'the bucket is still there')
}

function contentOf(name: string): Buffer {
  return bytesOf(name, name === 'empty' ? 0 : 1000 + name.length)
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true })
  const files: string[] = []
  for (const name of names) if ((await stat(join(directory, name))).isFile()) files.push(relative(directory, join(directory, name)))
  return files
}

/** Turns the last digit of the signature, wherever in the query it stands. */
function forge(url: string): string {
  return url.replace(/([?&](?:X-Amz-)?Signature=[^&]*)([^&])/i, (_, head: string, last: string) => `${head}${last === '0' ? '1' : '0'}`)
}

function demand(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint)
}

function complain(fault: string | null): void {
  if (fault !== null) throw new Error(fault)
}
