import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DirectorySync } from './directory-sync.ts'
import { nodeFileSystem } from './file-system.ts'
import type { FileSystem } from './file-system.ts'

const root = await mkdtemp(join(tmpdir(), 'stowage-sync-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** The real file system, whose fsyncs wait to be let go, one by one. */
class GatedFileSystem {
  started = 0
  readonly #gates: ((outcome: Error | null) => void)[] = []
  readonly fileSystem: FileSystem = {
    ...nodeFileSystem,
    fsync: async (descriptor) => {
      this.started += 1
      const outcome = await new Promise<Error | null>((resolve) => this.#gates.push(resolve))
      if (outcome !== null) throw outcome
      await nodeFileSystem.fsync(descriptor)
    },
  }

  /** Lets the oldest fsync that waits go on, or fail. */
  async release(outcome: Error | null = null): Promise<void> {
    while (this.#gates.length === 0) await new Promise((resolve) => setImmediate(resolve))
    this.#gates.shift()?.(outcome)
  }
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  const pending = Symbol('pending')
  return (await Promise.race([promise.catch(() => null), Promise.resolve(pending)])) !== pending
}

test('callers share one fsync, but never one that began before they asked', async () => {
  const gated = new GatedFileSystem()
  const sync = new DirectorySync(gated.fileSystem, () => {})
  const first = sync.sync(root)
  const rest = Promise.all(Array.from({ length: 50 }, () => sync.sync(root)))
  expect(await settled(first)).toBe(false)
  await gated.release()
  await first
  expect(await settled(rest), 'the fsync under way was not theirs').toBe(false)
  await gated.release()
  await rest
  expect(gated.started).toBe(2)
  await sync.close()
})

test('directories do not wait for each other', async () => {
  const gated = new GatedFileSystem()
  const sync = new DirectorySync(gated.fileSystem, () => {})
  const other = await mkdtemp(join(root, 'other-'))
  const syncs = [sync.sync(root), sync.sync(other)]
  await gated.release()
  await gated.release()
  await Promise.all(syncs)
  expect(gated.started).toBe(2)
  await sync.close()
})

test('a failed fsync fails everybody who waits, and is never tried again', async () => {
  const gated = new GatedFileSystem()
  const heard: unknown[] = []
  const sync = new DirectorySync(gated.fileSystem, (cause) => heard.push(cause))
  const failure = new Error('EIO')
  const first = sync.sync(root)
  const second = sync.sync(root)
  const outcomes = Promise.allSettled([first, second])
  await gated.release(failure)
  expect(await outcomes).toEqual([
    { status: 'rejected', reason: failure },
    { status: 'rejected', reason: failure },
  ])
  await expect(sync.sync(tmpdir())).rejects.toBe(failure)
  expect(gated.started).toBe(1)
  expect(heard).toEqual([failure])
  await sync.close()
})

test('a directory that cannot be opened fails its callers only', async () => {
  const heard: unknown[] = []
  const sync = new DirectorySync(nodeFileSystem, (cause) => heard.push(cause))
  await expect(sync.sync(join(root, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  await sync.sync(root)
  expect(heard).toEqual([])
  await sync.close()
})

test('keeps a bounded number of descriptors, and none after close()', async () => {
  let open = 0
  const counting: FileSystem = {
    ...nodeFileSystem,
    open: (path, flags) => nodeFileSystem.open(path, flags).finally(() => (open += 1)),
    close: (descriptor) => nodeFileSystem.close(descriptor).finally(() => (open -= 1)),
  }
  const sync = new DirectorySync(counting, () => {})
  const many = await mkdtemp(join(root, 'many-'))
  for (let number = 0; number < 100; number++) {
    await nodeFileSystem.mkdir(join(many, String(number)), 0o700)
    await sync.sync(join(many, String(number)))
  }
  expect(await readdir(many)).toHaveLength(100)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(open).toBeLessThanOrEqual(64)
  await sync.close()
  expect(open).toBe(0)
  await sync.sync(root)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(open).toBe(0)
})
