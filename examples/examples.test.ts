import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test, vi } from 'vitest'

// Each is a process that starts from source, on whatever machine.
vi.setConfig({ testTimeout: 120_000 })
const run = promisify(execFile)
const HERE = fileURLToPath(new URL('.', import.meta.url))

/** Runs an example as its readers do; rejects where it does not end with 0. What it says on stderr is a fault as well. */
async function outputOf(file: string): Promise<readonly string[]> {
  const { stdout, stderr } = await run(process.execPath, ['-C', '@stowage/source', file], { cwd: HERE })
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

/** What each example says, line by line. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  '01-in-memory.ts': ['text/plain, 14 bytes: Hello, Stowage', 'in the bucket: hello.txt'],
  '02-fs-and-sqlite.ts': ['2026/cat.jpg: 1000000 bytes, ETag 3d2cd78023744376e7070e724a9b9e8f'],
  '03-s3-server.ts': [
    'over S3: meow, ETag "4a4be40c96ac6314e91d93f38043a634"',
    'by the engine: 4 bytes, ETag 4a4be40c96ac6314e91d93f38043a634',
  ],
  '05-own-policy.ts': [
    'alice lists: diary.txt',
    'bob lists: 0 objects',
    'bob reads her diary: ObjectNotFound',
    'bob replaces it: AccessDenied',
    'anyone reads the logo: done',
    'anyone writes one: AccessDenied',
  ],
  '11-row-level-security.ts': [
    'ann writes in her folder: done',
    'ann publishes: done',
    'ann writes a program: AccessDenied',
    'bob writes in her folder: AccessDenied',
    'bob reads her diary: ObjectNotFound',
    'somebody reads what she published: done',
    'somebody reads her diary: AccessDenied',
    'bob lists: 0 objects',
    'refused by "no programs" on insert',
  ],
  '06-express.ts': ['over S3: {"meow":true}', 'beside it: {"app":"mine"}'],
  '07-fastify.ts': ['over S3: {"meow":true}', 'beside it: {"app":"mine"}'],
  '08-hono.ts': ['over S3: {"meow":true}', 'beside it: {"app":"mine"}'],
  '10-in-a-test.ts': ['started, used, emptied and stopped'],
  '12-s3-backend.ts': ['cat.jpg: 12000000 bytes', 'in the bucket: a blob of 12000000 bytes', '1 of them'],
  '09-own-gateway.ts': [
    'PUT /of-ann/diary.txt 200',
    'PUT /of-ann/too-large 400',
    '  EntityTooLarge',
    'GET /of-ann/diary.txt 403',
    '  AccessDenied',
  ],
}

describe('examples', () => {
  test.each(Object.entries(OUTPUTS))('%s', async (file, lines) => {
    expect(await outputOf(file)).toEqual(lines)
  })

  test('04-own-backend.ts passes the conformance suite, in 80 lines', async () => {
    const report = (await outputOf('04-own-backend.ts')).join('\n')
    expect(Number(/^\S* ?pass (\d+)$/m.exec(report)?.[1])).toBeGreaterThan(60)
    expect(report).toMatch(/^\S* ?fail 0$/m)
    expect(report).toMatch(/^\S* ?skipped 0$/m)
    expect((await readFile(new URL('04-own-backend.ts', import.meta.url), 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(80)
  })

  test('every example is run here', async () => {
    const files = (await readdir(HERE)).filter((name) => /^\d\d-.*\.ts$/.test(name))
    expect(files.sort()).toEqual([...Object.keys(OUTPUTS), '04-own-backend.ts'].sort())
  })
})

/** Pages whose TypeScript is code that an example runs, and where in the examples it stands: `#region NAME`. */
const PAGES: Readonly<Record<string, readonly (readonly [file: string, region: string])[]>> = {
  'README.md': [
    ['02-fs-and-sqlite.ts', 'readme'],
    ['10-in-a-test.ts', 'readme'],
  ],
  'docs/access.md': [['11-row-level-security.ts', 'access']],
}

test.each(Object.entries(PAGES))('the TypeScript of %s is code that the examples run', async (page, places) => {
  const text = await readFile(new URL(`../${page}`, import.meta.url), 'utf8')
  const snippets = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code)
  const regions = places.map(async ([file, region]) => {
    const example = await readFile(new URL(file, import.meta.url), 'utf8')
    return new RegExp(`^// #region ${region}\\n(.*?)^// #endregion$`, 'ms').exec(example)?.[1] ?? `${file} has no region ${region}`
  })
  expect(snippets).toEqual(await Promise.all(regions))
})
