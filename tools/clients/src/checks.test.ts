import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHECK_NAMES } from './check-names.ts'
import type { CheckName } from './check-names.ts'
import { CHECKS } from './checks.ts'
import type { CheckContext } from './checks.ts'
import type { Operations, Place } from './client.ts'
import { awsSdk } from './clients/aws-sdk.ts'
import { startTestServer } from './test-server.ts'
import type { TestServer } from './test-server.ts'
import { Witness } from './witness.ts'

const TEST_TIMEOUT_MS = 60_000
const nothing = (): Promise<void> => Promise.resolve()

let directory: string
let server: TestServer
let witness: Witness
let sdk: Operations

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stowage-checks-'))
  server = await startTestServer(directory, 'http')
  witness = await Witness.open(server.target)
  sdk = await awsSdk.connect({ directory }, server.target)
}, TEST_TIMEOUT_MS)
afterAll(async () => {
  witness.close()
  expect(await server.stop()).toEqual([])
  await rm(directory, { recursive: true })
}, TEST_TIMEOUT_MS)

/** For each check an operation that goes almost right, and what the check has to say of it. */
const FAULTS: Readonly<Record<CheckName, { readonly spoiled: () => Partial<Operations>; readonly complaint: RegExp }>> = {
  'make bucket': { spoiled: () => ({ makeBucket: nothing }), complaint: /there is no bucket/ },
  put: { spoiled: () => ({ put: putShort }), complaint: /other bytes \(70000\) than were sent \(70001\)/ },
  get: { spoiled: () => ({ get: async (place, file) => sdk.get(place, file).then(() => spoil(file)) }), complaint: /comes as other bytes/ },
  list: {
    spoiled: () => ({ list: async (bucket) => (await sdk.list(bucket)).filter((key) => !key.startsWith('listed/0999')) }),
    complaint: /"listed\/0999 .*" is not listed/,
  },
  copy: { spoiled: () => ({ copy: fetchAndSend }), complaint: /metadata colour is lost/ },
  multipart: { spoiled: () => ({ put: putWhole }), complaint: /it was sent in (?:1|no) parts/ },
  'ranged get': { spoiled: () => ({ getRange: getWhole }), complaint: /was not asked for a range/ },
  'presigned get': { spoiled: () => ({ presignGet: async () => `${server.target.endpoint}/matrix/x` }), complaint: /answers 403/ },
  'presigned put': { spoiled: () => ({ presignPut: (place) => signed({ ...place, key: 'x' }) }), complaint: /does not list/ },
  'sync of a tree': { spoiled: () => ({ syncDown: nothing }), complaint: /ENOENT/ },
  'key with `..`': {
    spoiled: () => ({ put: (place, file) => sdk.put({ ...place, key: 'dots' }, file) }),
    complaint: /up\/\.\.\/dots: .*does not list/,
  },
  'key with `//`': {
    spoiled: () => ({ get: (_, file) => writeFile(file, 'other') }),
    complaint: /double\/\/slash: it comes back as other bytes/,
  },
  'key ending in `/`': { spoiled: () => ({ remove: nothing }), complaint: /folder\/: it is still there/ },
  'key of 1,024 bytes': { spoiled: () => ({ put: nothing }), complaint: /n × 1024: .*does not list/ },
  delete: { spoiled: () => ({ empty: nothing }), complaint: /objects are left/ },
}

/** In the order of the matrix: the first makes the bucket, and the last wants to find what `list` has put there. */
test.each(CHECK_NAMES)(
  '%s: complains of what is almost right, and of nothing where it is right',
  async (check) => {
    const { spoiled, complaint } = FAULTS[check]
    await expect(CHECKS[check](await contextOf({ ...sdk, ...spoiled() }))).rejects.toThrow(complaint)
    await CHECKS[check](await contextOf(sdk))
  },
  TEST_TIMEOUT_MS,
)

const putShort: Operations['put'] = async (place, file) => {
  await truncate(file, 70_000)
  await sdk.put(place, file)
}

/** One byte is another. */
async function spoil(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  await writeFile(file, bytes)
}

const fetchAndSend: Operations['copy'] = async (from, toKey) => {
  const file = join(directory, 'fetched')
  await sdk.get(from, file)
  await sdk.put({ bucket: from.bucket, key: toKey }, file)
}

const signed = (place: Place): Promise<string> => sdk.presignPut?.(place) ?? Promise.reject(new Error('the SDK can'))

const putWhole: Operations['put'] = async (place, file) => witness.put(place, await readFile(file))

const getWhole: Operations['getRange'] = async (place, { first, last }, file) => {
  await sdk.get(place, file)
  await writeFile(file, (await readFile(file)).subarray(first, last + 1))
}

async function contextOf(client: Operations): Promise<CheckContext> {
  const own = await mkdtemp(join(directory, 'check-'))
  return { client, hasSync: false, server, witness, bucket: 'matrix', directory: own, largeBytes: 12 * 1024 ** 2 + 1 }
}
