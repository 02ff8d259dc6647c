import { createHmac } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ListBucketsCommand } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../src/commands/run-cli.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'
import type { Ready, StowageProcess } from './stowage-process.ts'

interface Shown {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

async function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const out = { write: (text: string) => stdout.push(text) }
  const code = await runCli({ argv, env, stdout: out, stderr: { write: (text) => stderr.push(text) }, process })
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

async function said<T = unknown>(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<T> {
  const { code, stdout, stderr } = await run(argv, env)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as T
}

async function stopped({ child, ended }: StowageProcess): Promise<void> {
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
}

function list(shown: Shown, { endpoint, region }: Ready): Promise<unknown> {
  const client = clientOf({ endpoint, region, ...shown }, { credentials: shown })
  return client.send(new ListBucketsCommand({}))
}

async function assumed(credentials: Shown, { endpoint, region }: Ready): Promise<Shown> {
  const client = new STSClient({ endpoint, region, credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  const { Credentials: made } = await client.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::root:role/any', RoleSessionName: 'test' }))
  return { accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '', sessionToken: made?.SessionToken ?? '' }
}

function sessionOf({ jwtSecret, publishableKey }: { readonly jwtSecret: string; readonly publishableKey: string }): Shown {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 900
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ exp, role: 'authenticated', sub: 'ann' })}`
  const sessionToken = `${head}.${createHmac('sha256', jwtSecret).update(head).digest('base64url')}`
  return { accessKeyId: 'shop', secretAccessKey: publishableKey, sessionToken }
}

/** One of everything that is sealed: a key, a project, and what temporary credentials are signed with. */
async function sealed(data: string, ready: Ready): Promise<readonly Shown[]> {
  const key = await said<Shown>(['keys', 'create', data])
  const session = sessionOf(await said(['projects', 'create', 'shop', data]))
  return [key, session, await assumed(key, ready)]
}

describe('stowage credentials reseal', { timeout: 120_000 }, () => {
  test('under a new key in the file of the directory, served and not served, and nobody notices', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const file = join(data, 'master.key')
    const first = await serve([data])
    const shown = await sealed(data, first.ready)
    const keysIn = async (): Promise<readonly string[]> => (await readFile(file, 'utf8')).split('\n').filter((line) => /^[^#]/.test(line))
    const [former] = await keysIn()
    expect(await said(['credentials', 'reseal', data])).toEqual({ resealed: 0 })
    expect(await said(['credentials', 'reseal', data, '--new-master-key'])).toEqual({ resealed: 3 })
    expect(await keysIn()).toEqual([expect.not.stringMatching(former ?? ''), former])
    for (const each of shown) await list(each, first.ready)
    await stopped(first)
    expect(await said(['credentials', 'reseal', data, '--new-master-key', '--json'])).toEqual({ resealed: 3 })
    // The former ones are not needed any more.
    const [newest = ''] = await keysIn()
    await writeFile(file, `${newest}\n`)
    const second = await serve([data])
    for (const each of shown) await list(each, second.ready)
  })

  test('under another key of the environment, with the former one beside it', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const [former, next] = ['5a'.repeat(32), 'a5'.repeat(32)]
    const first = await serve([data], { STOWAGE_MASTER_KEY: former })
    const shown = await sealed(data, first.ready)
    const { code, stderr } = await run(['credentials', 'reseal', data, '--new-master-key'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('STOWAGE_FORMER_MASTER_KEYS')])
    await stopped(first)
    const both = { STOWAGE_MASTER_KEY: next, STOWAGE_FORMER_MASTER_KEYS: former }
    const alone = await run(['credentials', 'reseal', data], { STOWAGE_MASTER_KEY: next })
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('does not open')])
    expect(await said(['credentials', 'reseal', data], both)).toEqual({ resealed: 3 })
    const second = await serve([data], { STOWAGE_MASTER_KEY: next })
    for (const each of shown) await list(each, second.ready)
    expect((await run(['credentials', 'reseal', data], { STOWAGE_FORMER_MASTER_KEYS: former })).code).toBe(0)
    await stopped(second)
    const lonely = await run(['credentials', 'reseal', data], { STOWAGE_FORMER_MASTER_KEYS: former })
    expect([lonely.code, lonely.stderr]).toEqual([2, expect.stringContaining('goes with STOWAGE_MASTER_KEY')])
  })
})
