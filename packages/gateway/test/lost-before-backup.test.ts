import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { alterSqlite } from '../../core/test/alter-sqlite.ts'
import { blobsIn, rot, someBackup } from './some-backup.ts'
import { refused, runCommand, said } from './stowage-command.ts'

interface Said {
  readonly findings: readonly { readonly kind: string; readonly details: { readonly blob: string | { readonly blob: string } } }[]
}

/** Of each finding the kind, and which blob. */
function namesOf({ findings }: Said): readonly string[] {
  return findings.map(({ kind, details: { blob } }) => `${kind} ${typeof blob === 'string' ? blob : blob.blob}`).toSorted()
}

test('what a store had lost is named, the rest is backed up and restored, and nothing else is excused', { timeout: 30_000 }, async () => {
  const { parent, data } = await someBackup()
  const [gone = '', rotten = '', short = ''] = await blobsIn(data)
  await rm(gone)
  await rot(rotten)
  await truncate(short, 10_000)
  const [backup, restored] = [join(parent, 'second'), join(parent, 'restored')]
  const lost = { missing: 1, damage: 3 }
  const named = [`blob-missing ${basename(gone)}`, `blob-too-short ${basename(short)}`, `bytes-damaged ${basename(rotten)}`]
  const first = await said<Said>(['backup', data, backup], { code: 1 })
  expect(first).toMatchObject({ blobs: 2, ...lost })
  expect(namesOf(first)).toEqual(named)
  expect(await said(['restore', backup, restored], { code: 1 })).toMatchObject(lost)
  expect((await runCommand(['fsck', restored])).code).toBe(1)
  // The same again, whatever was copied before.
  const again = await said<Said>(['backup', data, backup], { code: 1 })
  expect(again).toMatchObject({ ...lost, copied: { blobs: 0 } })
  expect(namesOf(again)).toEqual(named)

  const harms = [
    { harm: (blob: string) => truncate(blob, 9_999), to: short, kind: 'blob-too-short' },
    { harm: (blob: string) => rm(blob), to: short, kind: 'blob-missing' },
    { harm: async (blob: string) => writeFile(blob, Buffer.alloc(100_000)), to: rotten, kind: 'bytes-damaged' },
  ]
  for (const { harm, to, kind } of harms) {
    const [other, into] = [join(parent, `harmed-${kind}`), join(parent, `from-${kind}`)]
    await cp(backup, other, { recursive: true, preserveTimestamps: true })
    await harm((await blobsIn(other)).find((blob) => basename(blob) === basename(to)) ?? '')
    expect(await refused(['restore', other, into])).toContain(`The backup is damaged: 1 findings, the first of them '${kind}'`)
  }
})

test('a blob that was lost before excuses no other one', { timeout: 30_000 }, async () => {
  const { parent, data } = await someBackup()
  const [gone = ''] = await blobsIn(data)
  await rm(gone)
  const [backup, restored] = [join(parent, 'second'), join(parent, 'restored')]
  await said(['backup', data, backup], { code: 1 })
  for (const blob of await blobsIn(backup)) await rot(blob)
  expect(await refused(['restore', backup, restored])).toContain("The backup is damaged: 2 findings, the first of them 'bytes-damaged'")
  expect(await refused(['stat', restored])).toContain('it is a backup')
})

test('rows that contradict each other are restored as they were', { timeout: 30_000 }, async () => {
  const { parent, data } = await someBackup()
  alterSqlite(join(data, 'metadata.sqlite'), "DELETE FROM buckets; UPDATE objects SET size = size + 1 WHERE key = 'a'")
  const [backup, restored] = [join(parent, 'second'), join(parent, 'restored')]
  const { findings } = await said<Said>(['backup', data, backup], { code: 1 })
  expect(findings).toMatchObject([{ kind: 'size-wrong' }])
  expect(await said(['restore', backup, restored], { code: 1 })).toMatchObject({ missing: 0, damage: 2 })
})

test('what an earlier backup has whole stays so, whatever becomes of it in the store', { timeout: 30_000 }, async () => {
  const { parent, data, from } = await someBackup()
  const [gone = '', rotten = '', short = ''] = await blobsIn(data)
  await rm(gone)
  await rot(rotten)
  await truncate(short, 10_000)
  expect(await said(['backup', data, from], { code: 1 })).toMatchObject({ missing: 1, damage: 0, copied: { blobs: 0 }, removed: 0 })
  expect(await said(['restore', from, join(parent, 'restored')])).toMatchObject({ damage: 0 })
  expect(await said(['fsck', join(parent, 'restored'), '--deep'])).toMatchObject({ ok: true })
})

test('what is mended in the store is mended in the next backup', { timeout: 30_000 }, async () => {
  const { parent, data } = await someBackup()
  const blobs = await blobsIn(data)
  const [safe, backup] = [join(parent, 'safe'), join(parent, 'second')]
  await mkdir(safe)
  for (const blob of blobs) await cp(blob, join(safe, basename(blob)))
  const [gone = '', rotten = '', short = ''] = blobs
  await rm(gone)
  await rot(rotten)
  await truncate(short, 10_000)
  await said(['backup', data, backup], { code: 1 })
  for (const blob of blobs) await cp(join(safe, basename(blob)), blob)
  expect(await said(['backup', data, backup])).toMatchObject({ missing: 0, damage: 0, copied: { blobs: 3 } })
  expect(await said(['restore', backup, join(parent, 'restored')])).toMatchObject({ damage: 0 })
})

test('a backup that does not say what had been lost is of another release', { timeout: 30_000 }, async () => {
  const { parent, data, from } = await someBackup()
  const manifest = join(from, 'backup.json')
  const { lost, ...former } = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, unknown>
  expect(lost).toEqual([])
  await writeFile(manifest, JSON.stringify(former))
  const sentence = 'does not say what had been lost before: another release made it'
  expect(await refused(['restore', from, join(parent, 'restored')])).toContain(sentence)
  expect(await refused(['backup', data, from])).toContain(sentence)
})
