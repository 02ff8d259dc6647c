import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryBackend } from '@stowage/core/backend'
import type { Backend, ByteSource } from '@stowage/core/backend'
import { afterAll, describe, expect, test } from 'vitest'
import { breaking, failed, outcomes } from '../test/outcomes.ts'
import { backendCases } from './index.ts'
import type { RunCasesOptions, Suite } from './index.ts'

const directory = await mkdtemp(join(tmpdir(), 'stowage-conformance-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

const FACETS = ['copying', 'joining']

function suiteOf(...names: string[]): Suite<Backend> {
  return { ...backendCases, cases: backendCases.cases.filter(({ name }) => names.some((start) => name.startsWith(start))) }
}

/** A backend that breaks one promise. */
function broken(change: (backend: Backend) => Partial<Backend>): () => Promise<Backend> {
  return async () => breaking(memoryBackend(), change)
}

describe('runCases', () => {
  test('names are unique', () => {
    expect(new Set(backendCases.cases.map(({ name }) => name)).size).toBe(backendCases.cases.length)
  })

  test('a facet that is there but not claimed, or claimed and not there, fails', async () => {
    const open = async (): Promise<Backend> => memoryBackend()
    const name = 'the facets it claims are the facets it has'
    expect(failed(await outcomes(suiteOf('errors: says'), { open, facets: ['copying'] }))).toEqual([name])
    expect(failed(await outcomes(suiteOf('errors: says'), { open, facets: [...FACETS, 'presigning'] }))).toEqual([name])
    expect(failed(await outcomes(suiteOf('errors: says'), { open, facets: FACETS }))).toEqual([])
  })

  test('a waiver of an unknown case and one whose case passes fail; one whose case fails passes', async () => {
    const open = broken((inner) => ({ close: async () => Promise.reject(new Error(`no ${inner.name}`)) }))
    const waive = (name: string): RunCasesOptions<Backend> => ({
      open: async () => memoryBackend(),
      facets: FACETS,
      waive: [{ case: name, reason: 'known', issue: '#1' }],
    })
    expect(failed(await outcomes(suiteOf('keys:'), waive('no such case')))).toEqual([
      'every waiver names a case that runs, with a reason and an issue',
    ])
    const passing = 'keys: every valid key holds a blob of its own'
    expect(failed(await outcomes(suiteOf('keys:'), waive(passing)))).toEqual([passing])
    expect(failed(await outcomes(suiteOf('keys:'), { ...waive(passing), open }))).not.toContain(passing)
  })

  test('evidence is written when the last case has run, and nowhere without a path', async () => {
    const path = join(directory, 'conformance-report.json')
    await outcomes(suiteOf('keys:', 'errors: says'), { open: async () => memoryBackend(), facets: FACETS, evidence: path })
    const report: unknown = JSON.parse(await readFile(path, 'utf8'))
    expect(report).toEqual({
      suite: 'backend',
      facets: FACETS,
      cases: ['errors: says what it was written against, and its limits', 'keys: every valid key holds a blob of its own'].map((name) => ({
        case: name,
        facet: null,
        outcome: 'passed',
        reason: null,
        issue: null,
      })),
    })
  })
})

describe('a backend that breaks a promise is found', () => {
  const sizeIgnored = broken((inner) => ({ put: (key, body) => inner.put(key, body, {}) }))
  const endsEarly = broken((inner) => ({ get: (key, options) => inner.get(key, { range: { start: 0, end: 0 }, ...options }) }))
  const keepsParts = broken((inner) => ({
    async put(key, body, options) {
      const chunks: Uint8Array[] = []
      async function* kept(): ByteSource & AsyncGenerator<Uint8Array> {
        for await (const chunk of body) {
          chunks.push(chunk)
          yield chunk
        }
      }
      return inner.put(key, kept(), options).catch(async (error: unknown) => {
        async function* all(): AsyncGenerator<Uint8Array> {
          yield* chunks
        }
        await inner.put(key, all(), {})
        throw error
      })
    },
  }))
  const listsBackwards = broken((inner) => ({
    async *list(options) {
      const entries = []
      for await (const entry of inner.list(options)) entries.unshift(entry)
      yield* entries
    },
  }))
  const ignoresAborts = broken((inner) => ({
    delete: (keys) => inner.delete(keys),
    get: (key, { range }) => inner.get(key, range ? { range } : {}),
  }))

  test.each([
    ['ignores the size', sizeIgnored, 'put: a body of 1048576 bytes that was promised as 1048577 fails and leaves nothing'],
    ['gives too few bytes', endsEarly, 'put: a blob of 4096 bytes comes back whole'],
    [
      'keeps part of a failed put',
      keepsParts,
      'atomicity: a body that throws after 65536 bytes leaves nothing, and its error comes out as it is',
    ],
    ['lists backwards', listsBackwards, 'list: byte order, over segments too'],
    ['ignores aborts', ignoresAborts, 'abort: what is aborted before it begins does nothing and rejects with the reason'],
  ])('%s', async (_, open, name) => {
    expect(failed(await outcomes(suiteOf(name), { open, facets: FACETS }))).toEqual([name])
  })
})
