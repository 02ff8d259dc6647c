import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fsck } from '@stowage/core'
import { fsBackend } from '@stowage/backend-fs'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alterSqlite } from '../../core/test/alter-sqlite.ts'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { lockForBackup, lockForReading } from '../src/administration/backups/backup-lock.ts'
import { parseManifest } from '../src/administration/backups/backup-manifest.ts'
import { restore } from '../src/administration/backups/restore.ts'
import type { RestoreRequest, RestoreStep } from '../src/administration/backups/restore.ts'
import { writeRestoreNote } from '../src/administration/backups/restore-note.ts'
import { IN_DIRECTORY } from '../src/stores/backend-location.ts'
import { withMarkedMetadata } from '../src/stores/marked-metadata.ts'
import { blobsIn, rot, someBackup } from './some-backup.ts'
import { refused, runCommand, said, serveHere } from './stowage-command.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

describe('restore', { timeout: 60_000 }, () => {
  test.each([
    ['a directory', null],
    ['Postgres', 'interrupted'],
  ])('into %s: interrupted anywhere, it goes on', async (_, schema) => {
    const { parent, from } = await someBackup()
    const requestFor = (n: number): RestoreRequest => ({
      from,
      directory: join(parent, `restored-${n}`),
      metadata: schema === null ? null : { kind: 'postgres', url: postgres.url, schema: `${schema}_${n}` },
      backend: IN_DIRECTORY,
      concurrency: 1,
    })
    const steps: RestoreStep[] = []
    const whole = await restore(requestFor(0), { onProgress: (step) => steps.push(step) })
    expect(new Set(steps.map(({ phase }) => phase))).toEqual(new Set(['look', 'blobs', 'bytes', ...(schema === null ? [] : ['rows'])]))
    // Each schema takes its time.
    for (let failAt = 1; failAt <= steps.length; failAt += schema === null ? 3 : 9) {
      const request = requestFor(failAt)
      let n = 0
      const onProgress = (): void => {
        n += 1
        if (n === failAt) throw new Error('a fault was planned')
      }
      await expect(restore(request, { onProgress })).rejects.toThrow('a fault was planned')
      const args = schema === null ? [] : ['--metadata', postgres.url, '--schema', `${schema}_${failAt}`]
      expect(await refused(['stat', request.directory, ...args])).toMatch(
        schema === null ? /is a backup|is not a data directory: it has no metadata.sqlite/ : /is a copy of a backup that is not finished/,
      )
      expect(await restore(request, {})).toEqual(whole)
      expect(await said(['fsck', request.directory, '--deep', ...args])).toMatchObject({ ok: true })
      expect(await readdir(request.directory)).not.toContain('restore.json')
    }
  })

  test('killed at its very end, it only tidies up', async () => {
    const { parent, from } = await someBackup()
    const schema = 'tidied'
    for (const metadata of [null, { kind: 'postgres', url: postgres.url, schema } as const]) {
      const directory = join(parent, metadata === null ? 'restored' : 'with-postgres')
      const base = { from, directory, backend: IN_DIRECTORY, concurrency: null }
      const restored = await restore({ ...base, metadata }, {})
      const rows =
        metadata === null ? directory : `postgres://${new URL(postgres.url).host}${new URL(postgres.url).pathname}, schema ${schema}`
      const note = { from, to: `${rows}, with the bytes in file:`, completedAt: restored.completedAt, copy: 'x', restored }
      await writeRestoreNote(directory, note)
      if (metadata !== null) await markMoved(join(directory, 'metadata.sqlite'), rows)
      expect(await restore({ ...base, metadata }, {})).toEqual(restored)
      expect((await readdir(directory)).filter((name) => /restore|wal|shm/.test(name))).toEqual([])
      if (metadata === null) await said(['fsck', directory, '--deep'])
    }
  })

  test('into Postgres, killed between its last two steps: it only tidies up, and takes nothing back', async () => {
    const { parent, from } = await someBackup()
    const directory = join(parent, 'restored')
    const metadata = { kind: 'postgres', url: postgres.url, schema: 'last_steps' } as const
    const note = join(directory, 'restore.json')
    let text = ''
    const onProgress = ({ phase }: RestoreStep): void => void (phase === 'rows' && (text = readFileSync(note, 'utf8')))
    const request = { from, directory, metadata, backend: IN_DIRECTORY, concurrency: null }
    const restored = await restore(request, { onProgress })
    for (const blob of await blobsIn(directory)) await rm(blob)
    await writeFile(note, text)
    expect(await restore(request, {})).toEqual(restored)
    expect(await readdir(directory)).not.toContain('restore.json')
    // What was deleted since does not come back.
    expect(await blobsIn(directory)).toEqual([])
    await withMarkedMetadata(metadata, { mustExist: true }, ({ copying }) => copying.write({ expected: null, mark: { state: 'moving' } }))
    await writeFile(note, text)
    await expect(restore(request, {})).rejects.toThrow('cannot be read. Empty the directory, and the backend')
  })

  test('killed before it has noted that it has begun, it begins again', async () => {
    const { parent, from } = await someBackup()
    const directory = join(parent, 'restored')
    // Up to there it makes folders for blobs, and the beginning of a note.
    const backend = fsBackend({ directory })
    await mkdir(directory)
    await backend.init()
    await backend.close()
    await writeFile(join(directory, 'restore.json.new'), '{')
    expect(await said(['restore', from, directory])).toMatchObject({ blobs: 3, damage: 0 })
    expect(await said(['fsck', directory, '--deep'])).toMatchObject({ ok: true })
    const other = join(parent, 'other')
    await mkdir(join(other, 'blobs', 'a'), { recursive: true })
    await writeFile(join(other, 'blobs', 'a', 'text'), '')
    expect(await refused(['restore', from, other])).toContain('is not empty: it has blobs')
  })

  test('into a schema that somebody has open: refused before it is marked', async () => {
    const { parent, from } = await someBackup()
    const schema = 'open_elsewhere'
    const kept = ['--metadata', postgres.url, '--schema', schema]
    const [directory, other] = [join(parent, 'restored'), join(parent, 'other')]
    const server = await serveHere([other, ...kept])
    expect(await refused(['restore', from, directory, ...kept])).toContain('has it open')
    expect(await readdir(directory)).toEqual([])
    expect(await said(['keys', 'create', other, '--account', 'root', '--json'])).toMatchObject({ accessKeyId: expect.any(String) })
    await server.stop()
  })

  test('what is not a backup, and what is in the way', async () => {
    const { parent, data, from } = await someBackup()
    expect(await refused(['restore', data, join(parent, 'x')])).toContain('is no directory of backups')
    expect(await refused(['restore', from, data])).toContain('is not empty: it has')
    const other = await someBackup()
    const directory = join(parent, 'half')
    const base = { directory, metadata: null, backend: IN_DIRECTORY, concurrency: null }
    const fail = (): never => {
      throw new Error('a fault was planned')
    }
    await expect(restore({ ...base, from }, { onProgress: fail })).rejects.toThrow('planned')
    expect(await refused(['restore', other.from, directory])).toMatch(
      /has what an interrupted restore has left, of the backup of \S+ in \S+/,
    )
    expect(await refused(['serve', from, '--port', '0'])).toContain('it is a backup, to be restored and not to be served')
    expect(await refused(['backup', data, parent])).toContain('lie within each other')
    const text = join(parent, 'text')
    await mkdir(text)
    await writeFile(join(text, 'a'), '')
    expect(await refused(['backup', data, text])).toContain('is no directory of backups, and not empty')
  })

  test('a byte that changed in the backup is found, and nothing of it is served', async () => {
    const { parent, from } = await someBackup()
    const [blob = ''] = await blobsIn(from)
    await rot(blob)
    const directory = join(parent, 'restored')
    expect(await refused(['restore', from, directory])).toContain("The backup is damaged: 1 findings, the first of them 'bytes-damaged'")
    expect(await refused(['stat', directory])).toContain('it is a backup')
  })

  test('a row that changed in the backup is found, whatever says so', async () => {
    const { parent, data, from } = await someBackup()
    const manifest = join(from, 'backup.json')
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace(/"digest": "./, '"digest": "-'))
    const directory = join(parent, 'restored')
    expect(await refused(['restore', from, directory])).toContain('is damaged: its backup.json speaks of other rows')
    await writeFile(manifest, text)
    alterSqlite(join(from, 'metadata.sqlite'), "UPDATE objects SET key = 'renamed' WHERE key = 'b'")
    expect(await refused(['restore', from, directory])).toContain(
      'is damaged: the copy is not what was copied: it has other rows in objects',
    )
    expect(await readdir(directory)).not.toContain('metadata.sqlite')
    // The same directory takes what is whole.
    await said(['backup', data, from])
    await rm(directory, { recursive: true })
    expect(await said(['restore', from, directory])).toMatchObject({ damage: 0 })
    expect((await readdir(directory)).toSorted()).toEqual(['blobs', 'metadata.sqlite', 'metadata.sqlite.lock'])
  })

  test('a name that somebody put into the backup and that is none of a blob becomes no path, though the digests are right', async () => {
    const { parent, from } = await someBackup()
    const store = sqliteMetadata({ file: join(from, 'metadata.sqlite'), openMarked: true, worker: 'inline' })
    await store.open()
    const { copying } = store
    const { version, body } = (await copying.readMark()) ?? { version: 0, body: { state: 'backup' as const } }
    const row = ['main', '../../stolen', 1, 0]
    const { rows } = await copying.rows({ table: 'blob_refs', after: null, limit: 100 })
    const digest = createHash('sha256').update([row, ...rows].map((each) => `${JSON.stringify(each)}\n`).join('')).digest('hex') // prettier-ignore
    const manifest = parseManifest(body['manifest'])
    const tables = manifest.tables.map((each) => (each.name === 'blob_refs' ? { name: each.name, rows: rows.length + 1, digest } : each))
    const mark = { ...body, manifest: { ...manifest, completedAt: 'later', tables, lost: [] } }
    await copying.write({ expected: version, mark, insert: { table: 'blob_refs', rows: [row] } })
    await store.close()
    expect(await refused(['restore', from, join(parent, 'restored')])).toContain('a blob key is 1 to 200 of')
  })

  test('while it reads, nobody backs up into the same directory, and the other way round; others may read', async () => {
    const { parent, data, from } = await someBackup()
    const base = { from, metadata: null, backend: IN_DIRECTORY, concurrency: null }
    const reading = lockForReading(from)
    expect(await refused(['backup', data, from])).toContain('Something is being backed up into, or restored from,')
    let steps = 0
    const onProgress = (): void => {
      steps += 1
      expect(() => lockForBackup(from)).toThrow(expect.objectContaining({ code: 'DirectoryInUse' }))
      // From here on it is the restore alone that holds it.
      reading.release()
    }
    expect(await restore({ ...base, directory: join(parent, 'first') }, { onProgress })).toMatchObject({ blobs: 3, damage: 0 })
    expect(steps).toBeGreaterThan(3)
    const writing = lockForBackup(from)
    expect(await refused(['restore', from, join(parent, 'second')])).toContain('Something is being backed up into')
    writing.release()
    expect(await said(['backup', data, from])).toMatchObject({ blobs: 3 })
    expect(await said(['restore', from, join(parent, 'second')])).toMatchObject({ blobs: 3 })
  })

  test('a backup that has taken the place of the one that was half restored: it says so', async () => {
    const { parent, data, from } = await someBackup()
    const directory = join(parent, 'restored')
    const base = { from, directory, metadata: null, backend: IN_DIRECTORY, concurrency: 1 }
    const fail = (): never => {
      throw new Error('a fault was planned')
    }
    await expect(restore(base, { onProgress: fail })).rejects.toThrow('planned')
    await said(['backup', data, from])
    expect(await refused(['restore', from, directory])).toContain('a newer one has taken its place. Empty the directory, and the backend')
    await rm(directory, { recursive: true })
    // As on a disk that has no locks: what it has is restored all the same.
    await rm(join(from, 'backup.lock'))
    await mkdir(join(from, 'backup.lock'))
    expect(await said(['restore', from, join(parent, 'unlocked')])).toMatchObject({ damage: 0 })
    const blobs = await blobsIn(from)
    const manifest = join(from, 'backup.json')
    const other = (await readFile(manifest, 'utf8')).replace(/"completedAt": "[^"]+/, '$&0')
    const replace = (): void => {
      for (const blob of blobs) rmSync(blob, { force: true })
      writeFileSync(manifest, other)
    }
    await expect(restore(base, { onProgress: replace })).rejects.toThrow('a newer one has taken its place')
  })

  test('stopped by a signal, both go on', async () => {
    const { parent, data } = await someBackup()
    const [backup, restored] = [join(parent, 'second'), join(parent, 'restored')]
    const stopped = await runCommand(['backup', data, backup, '--concurrency', '1'], {}, { stopAt: /100% \d+ of \d+ rows/ })
    expect(stopped).toMatchObject({ code: 2, stderr: expect.stringContaining('Stopped. The next backup does not copy again') })
    expect(await refused(['restore', backup, restored])).toContain('was never finished')
    expect(await said(['backup', data, backup])).toMatchObject({ blobs: 3, missing: 0 })
    // From here on there is one to be restored, whatever becomes of the next.
    expect((await runCommand(['backup', data, backup], {}, { stopAt: /100% \d+ of \d+ rows/ })).code).toBe(2)
    await runCommand(['restore', backup, restored, '--concurrency', '1'], {}, { stopAt: /bytes copied/ })
    expect(await said(['restore', backup, restored])).toMatchObject({ blobs: 3, damage: 0 })
    expect((await stat(join(restored, 'metadata.sqlite'))).mode & 0o077).toBe(0)
    const store = sqliteMetadata({ file: join(restored, 'metadata.sqlite') })
    const report = await fsck({ metadata: store, backends: { main: fsBackend({ directory: restored }) }, deep: true })
    expect(report.findings).toEqual([])
  })
})

/** As a store is left whose move has ended. */
async function markMoved(file: string, to: string): Promise<void> {
  const store = sqliteMetadata({ file, openMarked: true, worker: 'inline' })
  await store.open()
  await store.copying.write({ expected: null, mark: { state: 'moved', copy: 'x', to } })
  await store.close()
}
