import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CreateBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3'
import { accountCaller } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { expect, onTestFinished, test } from 'vitest'
import { blocksOf, ROOT } from './page.ts'
import { runCommand, said, serveHere } from './stowage-command.ts'
import { clientOf, subdomainClientOf, temporaryDirectory } from './stowage-process.ts'

/** The commands of a block, with the directory of this test. */
function commandsOf(text: string, data: string): readonly (readonly string[])[] {
  return text.trim().split('\n').map((line) => line.replace('npx stowage ', '').split(' ').map((word) => (word === 'data' ? data : word))) // prettier-ignore
}

interface Made {
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

test('every command of the page, while the directory is served and when it is not', { timeout: 60_000 }, async () => {
  const data = join(await temporaryDirectory(), 'data')
  const [begin, look, change, , ...rest] = (await blocksOf('tenants.md')).filter(({ language }) => language === 'sh').map(({ text }) => commandsOf(text, data)) // prettier-ignore
  expect(rest).toEqual([])
  const [[, ...serving] = [], ...creating] = begin ?? []
  const server = await serveHere(serving)
  const [acme, bolt] = [await said<Made>(creating[0] ?? []), await said<Made>(creating[1] ?? [])]
  expect([acme, bolt]).toMatchObject([
    { name: 'acme', hosts: ['files.acme.example'], requestsMax: 64, state: 'active' },
    { name: 'bolt', hosts: [], requestsMax: 20, state: 'active' },
  ])
  const list = await said<readonly Made[]>(creating[2] ?? [])
  expect(list.map(({ name }) => name)).toEqual(['acme', 'bolt'])
  expect(JSON.stringify(list)).not.toContain(acme.secretAccessKey)
  const client = clientOf({ ...server.ready, ...acme })
  await client.send(new CreateBucketCommand({ Bucket: 'photos' }))

  const looks = async (): Promise<void> => {
    const [key, buckets, fsck] = [await said<Made>(look?.[0] ?? []), await said(look?.[1] ?? []), await said(look?.[2] ?? [])]
    expect([buckets, fsck]).toMatchObject([[{ name: 'photos' }], { ok: true }])
    keys.push(key)
  }
  const keys: Made[] = []
  await looks()
  await server.stop()
  await looks()
  const again = await serveHere(serving)
  for (const key of keys) {
    const { Buckets } = await subdomainClientOf({ ...again.ready, ...key }, 'files.acme.example').send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['photos'])
  }
  const states: unknown[] = []
  for (const args of change ?? []) states.push((await said<Readonly<Record<string, unknown>>>(args))['state'])
  expect(states).toEqual(['suspended', 'active', 'active', undefined])
  expect(await said(['tenants', 'list', data])).toMatchObject([{ name: 'acme' }])
  await again.stop()
  expect((await runCommand(['tenants', 'show', 'bolt', data])).stderr).toContain('There is no tenant bolt.')
})

interface Page {
  tenantsIn(directory: string): { readonly open: (tenant: string) => Promise<Engine>; readonly close: () => Promise<void> }
}

test('the program', { timeout: 60_000 }, async () => {
  const [program = ''] = (await blocksOf('tenants.md')).filter(({ language }) => language === 'ts').map(({ text }) => text)
  // Beside what it imports.
  const file = join(ROOT, 'packages/gateway', `.tenants-page-${process.pid}.ts`)
  await writeFile(file, program)
  onTestFinished(() => rm(file))
  const { open, close } = ((await import(pathToFileURL(file).href)) as Page).tenantsIn(await temporaryDirectory())
  const engines = await Promise.all(['acme', 'bolt'].map(open))
  for (const engine of engines) {
    const session = engine.as(accountCaller('anna'))
    await session.createBucket({ bucket: { name: 'photos' } })
    await session.putObject({ bucket: { name: 'photos' }, key: 'k', body: Buffer.alloc(100_000) })
    await engine.close()
  }
  await close()
})
