import { createVerify, generateKeyPairSync, createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { crc32c, isStorageError, parseBlobKey } from '@stowage/core/backend'
import { Storage } from '@google-cloud/storage'
import { afterEach, describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import { listing, refusal, resource, startServer } from '../test/support/scripted-server.ts'
import type { Received, Reply, ScriptedServer } from '../test/support/scripted-server.ts'
import type { GcsClientLike } from './client.ts'
import { gcsBackend } from './gcs-backend.ts'
import { formatCrc32c } from './object-facts.ts'
import type { GcsBackendOptions } from './options.ts'

const key = parseBlobKey('x1')

const services: ScriptedServer[] = []
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop()
})

async function start(reply: (received: Received, number: number) => Reply): Promise<ScriptedServer> {
  const service = await startServer(reply)
  services.push(service)
  return service
}

/** What `init` of a backend on a bucket with these settings does. */
async function initOn(
  replies: readonly Reply[],
  options: Partial<GcsBackendOptions> = {},
): Promise<{ readonly warnings: readonly string[]; readonly error: unknown }> {
  const service = await start((_, number) => replies[Math.min(number, replies.length - 1)] ?? {})
  const warnings: string[] = []
  const backend = gcsBackend({
    bucket: 'blobs',
    apiEndpoint: service.url,
    retryDelaySeconds: 0.001,
    onWarning: (warning) => void warnings.push(warning),
    ...options,
  })
  const error = await backend.init().then(
    () => null,
    (failure: unknown) => failure,
  )
  await backend.close()
  return { warnings, error }
}

function bucket(settings: object): Reply {
  return { body: JSON.stringify({ name: 'blobs', ...settings }) }
}

/** A client as the vendor's looks, whose credentials are these headers, one after the other. */
function clientOf(apiEndpoint: string, tokens: readonly string[]): GcsClientLike {
  let asked = 0
  return {
    apiEndpoint,
    authClient: {
      getRequestHeaders: async () => {
        const token = tokens[Math.min(asked, tokens.length - 1)] ?? ''
        asked += 1
        return new Headers({ authorization: `Bearer ${token}` })
      },
    },
    bucket: () => ({ file: () => ({ getSignedUrl: async () => Promise.reject(new Error('Cannot sign data without `client_email`.')) }) }),
  }
}

describe('init', () => {
  test.each([
    ['nothing unusual', {}, []],
    ['soft delete', { softDeletePolicy: { retentionDurationSeconds: '604800' } }, [/for 7 days \(soft delete\)/]],
    ['soft delete that is off', { softDeletePolicy: { retentionDurationSeconds: '0' } }, []],
    ['versions', { versioning: { enabled: true } }, [/keeps versions/]],
    ['versions that are off', { versioning: { enabled: false } }, []],
    ['retention', { retentionPolicy: { retentionPeriod: '3600' } }, [/first 3600 seconds/]],
    [
      'rules that delete',
      { lifecycle: { rule: [{ action: { type: 'SetStorageClass' } }, { action: { type: 'Delete' } }] } },
      [/lifecycle rule/],
    ],
    ['rules that do not', { lifecycle: { rule: [{ action: { type: 'SetStorageClass' } }] } }, []],
  ])('warns of a bucket with %s', async (_, settings, patterns) => {
    const { warnings, error } = await initOn([bucket(settings)])
    expect(error).toBeNull()
    expect(warnings).toHaveLength(patterns.length)
    for (const [index, pattern] of patterns.entries()) expect(warnings[index]).toMatch(pattern)
  })

  test('refuses a bucket whose objects can never be deleted', async () => {
    expect((await initOn([bucket({ defaultEventBasedHold: true })])).error).toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringMatching(/event-based hold/),
    })
  })

  test('is content with credentials that may only list', async () => {
    const { warnings, error } = await initOn([refusal(403, 'forbidden', 'no storage.buckets.get'), listing()])
    expect(error).toBeNull()
    expect(warnings).toEqual([expect.stringContaining('may not look at the bucket')])
  })

  test.each([
    ['a missing bucket', [refusal(404, 'notFound', 'The specified bucket does not exist.')], /bucket of the blobs does not exist/, false],
    ['a bucket of others', [refusal(403, 'forbidden', 'secret@project has no access')], /does not let these credentials/, false],
    ['credentials that are none', [refusal(401, 'authError', 'Invalid Credentials')], /refuses the credentials/, false],
    ['a service that is ill', [refusal(503, 'backendError', 'Backend Error')], /overloaded/, true],
  ])('says so of %s', async (_, replies, message, retryable) => {
    const { error } = await initOn(replies)
    expect(error).toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringMatching(message),
      retryable,
      details: { backend: 'gcs', operation: 'init' },
    })
  })

  test('says so of a service that is not there, and of credentials that are not', async () => {
    const service = await startServer(() => ({}))
    await service.stop()
    const absent = gcsBackend({ bucket: 'blobs', apiEndpoint: service.url, attemptsMax: 2, retryDelaySeconds: 0.001 })
    await expect(absent.init()).rejects.toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringMatching(/ECONNREFUSED/),
      retryable: true,
    })
    const without = gcsBackend({ bucket: 'blobs', keyFilename: '/nowhere/secret.json' })
    const error: unknown = await without.init().catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'BackendUnavailable', message: expect.stringMatching(/no valid credentials/), retryable: false })
    expect(String(error)).not.toContain('nowhere')
  })

  test('nothing works before it, or after close', async () => {
    const backend = gcsBackend({ bucket: 'blobs', apiEndpoint: 'http://127.0.0.1:1' })
    let isStopped = false
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1)
    }
    const source = Object.assign(body(), {
      return: async () => {
        isStopped = true
        return { done: true as const, value: undefined }
      },
    })
    await expect(backend.get(key, {})).rejects.toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringMatching(/not made ready/),
    })
    await expect(backend.put(key, source, {})).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(isStopped).toBe(true)
    await backend.close()
    await expect(backend.delete([key])).rejects.toMatchObject({ message: expect.stringMatching(/closed/) })
  })
})

describe('credentials', () => {
  test('of an emulator are none, and those of a client go to its service', async () => {
    const service = await start(() => bucket({}))
    await gcsBackend({ bucket: 'blobs', apiEndpoint: service.url }).init()
    await gcsBackend({ bucket: 'blobs', client: clientOf(service.url, ['one']) }).init()
    expect(service.received.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer one'])
  })

  test('that have expired are asked for once more', async () => {
    const service = await start(({ headers }) =>
      headers.authorization === 'Bearer new' ? bucket({}) : refusal(401, 'authError', 'Invalid Credentials'),
    )
    await gcsBackend({ bucket: 'blobs', client: clientOf(service.url, ['old', 'new']), retryDelaySeconds: 0.001 }).init()
    expect(service.received).toHaveLength(2)
    const refused = gcsBackend({ bucket: 'blobs', client: clientOf(service.url, ['old']), retryDelaySeconds: 0.001 })
    await expect(refused.init()).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(service.received).toHaveLength(4)
  })

  test('do not go where a session is said to be', async () => {
    const elsewhere = await start(() => resource({ size: 300_000, crc32c: 'AAAAAA==' }))
    const service = await start((_, number) => (number === 0 ? bucket({}) : { headers: { location: `${elsewhere.url}/session` } }))
    const backend = gcsBackend({
      bucket: 'blobs',
      client: clientOf(service.url, ['secret']),
      chunkSize: 262_144,
      resumableThreshold: 0,
      attemptsMax: 1,
    })
    await backend.init()
    await expect(backend.put(key, Readable.from([new Uint8Array(300_000)]), {})).rejects.toSatisfy(isStorageError)
    await backend.close()
    expect(elsewhere.received.length).toBeGreaterThan(0)
    for (const { headers } of elsewhere.received) expect(headers.authorization).toBeUndefined()
  })

  test('a client of the vendor fits as it is', async () => {
    const service = await start(() => bucket({}))
    const client: GcsClientLike = new Storage({ apiEndpoint: service.url, projectId: 'p', useAuthWithCustomEndpoint: false })
    await gcsBackend({ bucket: 'blobs', client }).init()
    expect(service.received).toHaveLength(1)
  })
})

describe('presigning', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const credentials = {
    client_email: 'blobs@project.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }

  test('is offered only where it was asked for', () => {
    expect(gcsBackend({ bucket: 'blobs' }).presigning).toBeUndefined()
  })

  test('signs one blob, for as long as it says, and no header but the host', async () => {
    const client = new Storage({ credentials, projectId: 'p' })
    // The vendor's signer holds it against the time of this machine.
    const now = Date.now()
    const date = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const service = await start(() => bucket({}))
    // Signs for Google's own endpoint, and asks the scripted one.
    const backend = gcsBackend({
      bucket: 'blobs',
      prefix: 'p',
      client: { ...clientOf(service.url, ['t']), bucket: (name) => client.bucket(name) },
      presigning: true,
      clock: () => new Date(now),
    })
    await backend.init()
    const url = await backend.presigning?.presignGet(key, { expiresInSeconds: 60, contentType: 'text/plain' })
    expect(url?.origin).toBe('https://storage.googleapis.com')
    expect(url?.pathname).toBe('/blobs/p/x1')
    const query = new URLSearchParams(url?.search)
    expect(Object.fromEntries(query)).toMatchObject({
      'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
      'X-Goog-Date': date,
      'X-Goog-Expires': '60',
      'X-Goog-SignedHeaders': 'host',
      'response-content-type': 'text/plain',
    })
    const signature = query.get('X-Goog-Signature') ?? ''
    query.delete('X-Goog-Signature')
    const pairs = [...query].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort()
    const canonical = ['GET', url?.pathname, pairs.join('&'), 'host:storage.googleapis.com\n', 'host', 'UNSIGNED-PAYLOAD'].join('\n')
    const toSign = [
      'GOOG4-RSA-SHA256',
      date,
      `${date.slice(0, 8)}/auto/storage/goog4_request`,
      createHash('sha256').update(canonical).digest('hex'),
    ]
    expect(createVerify('RSA-SHA256').update(toSign.join('\n')).verify(publicKey, signature, 'hex')).toBe(true)
    for (const expiresInSeconds of [0, 61, 1.5]) {
      await expect(backend.presigning?.presignGet(key, { expiresInSeconds })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
  })

  test('with credentials that cannot sign fails in init, and says why', async () => {
    const service = await start(() => bucket({}))
    const backend = gcsBackend({ bucket: 'blobs', client: clientOf(service.url, ['t']), presigning: true })
    await expect(backend.init()).rejects.toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringMatching(/cannot sign/),
      retryable: false,
    })
  })
})

describe('delete, list, copy, join', () => {
  test('a deletion that the bucket forbids says so, and is not tried again', async () => {
    const one = await openOn([refusal(403, 'retentionPolicyNotMet', "Object is subject to bucket's retention policy")])
    await expect(one.backend.delete([key])).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable: false,
      message: expect.stringMatching(/retention policy/),
    })
    expect(one.received()).toHaveLength(1)
    await one.stop()
  })

  test('a deletion whose answer was lost is fine, and so is one of what is not there', async () => {
    const one = await openOn([{ ending: 'reset' }, refusal(404, 'notFound', 'No such object: blobs/x1')])
    await one.backend.delete([key])
    expect(one.received().map(({ method }) => method)).toEqual(['DELETE', 'DELETE'])
    await one.stop()
  })

  test('a listing goes through its pages, also empty ones, and passes over what is no blob', async () => {
    const item = (name: string): object => ({
      name,
      size: '1',
      timeCreated: '2026-11-22T20:15:00.000Z',
      updated: '2026-11-23T20:15:00.000Z',
    })
    const one = await openOn(
      [
        listing([item('p/a'), item('p/B.txt')], 'two'),
        listing([], 'three'),
        refusal(503, 'backendError', 'Backend Error'),
        listing([item('p/b')]),
      ],
      { prefix: 'p' },
    )
    const entries = []
    for await (const entry of one.backend.list({ prefix: '', after: parseBlobKey('0') })) entries.push(entry)
    expect(entries).toEqual([
      { key: 'a', size: 1, modifiedAt: new Date('2026-11-22T20:15:00.000Z') },
      { key: 'b', size: 1, modifiedAt: new Date('2026-11-22T20:15:00.000Z') },
    ])
    expect(one.received()[0]?.target).toContain('prefix=p%2F&startOffset=p%2F0')
    expect(one.received().map(({ target }) => /pageToken=(\w+)/.exec(target)?.[1])).toEqual([undefined, 'two', 'three', 'three'])
    await one.stop()
  })

  test('a composition whose answer was lost is known by the CRC-32C of its sources', async () => {
    const sumOf = (text: string): string => formatCrc32c(crc32c(Buffer.from(text)))
    const one = await openOn(({ method, target }, number) => {
      if (method === 'POST') return number === 0 ? { ending: 'reset' } : refusal(412, 'conditionNotMet', 'no')
      if (target.includes('/o/a?')) return resource({ size: 4, crc32c: sumOf('1234') })
      if (target.includes('/o/b?')) return resource({ size: 5, crc32c: sumOf('56789') })
      return resource({ size: 9, crc32c: sumOf('123456789') })
    })
    const joined = one.backend.joining?.join(key, [parseBlobKey('a'), parseBlobKey('b')], {
      temporary: () => Promise.reject(new Error('none')),
    })
    expect(await joined).toEqual({ size: 9 })
    await one.stop()
  })

  test('a join is of one source at least, and of ten thousand at most', async () => {
    const one = await openOn([{}])
    for (const count of [0, 10_001]) {
      const joined = one.backend.joining?.join(
        key,
        Array.from({ length: count }, () => parseBlobKey('a')),
        { temporary: async () => key },
      )
      await expect(joined).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    await one.stop()
  })
})
