import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { drive } from '../load/drive.ts'
import type { LoadResult } from '../load/load-plan.ts'
import { pattern } from '../load/pattern.ts'
import { answerCommands } from '../processes/channel.ts'

interface Repeated {
  readonly count: number
  readonly secondsMax: number
}

/** What the machine itself does, without a server: one step of the work alone. */
export type MachineCommands = {
  /** MD5 of 64 MiB in chunks as a socket gives them. */
  readonly md5: { readonly input: Repeated & { readonly size: number }; readonly output: LoadResult }
  /** 4 KiB over itself in a file that is as long already, and fdatasync: what a commit to a reused WAL costs at least. */
  readonly fdatasync: { readonly input: Repeated & { readonly directory: string }; readonly output: LoadResult }
  /** A new file, and one fdatasync at its end. */
  readonly writeFile: { readonly input: Repeated & { readonly directory: string; readonly size: number }; readonly output: LoadResult }
}

const CHUNK_SIZE = 64 * 1024
const WRITE_SIZE = 1024 * 1024
const SYNC_SIZE = 4096
let files = 0

function md5({ size, ...repeated }: MachineCommands['md5']['input']): Promise<LoadResult> {
  const bytes = pattern(size)
  const step = (): Promise<number> => {
    const hash = createHash('md5')
    for (let at = 0; at < size; at += CHUNK_SIZE) hash.update(bytes.subarray(at, at + CHUNK_SIZE))
    hash.digest()
    return Promise.resolve(size)
  }
  return drive({ ...repeated, concurrency: 1, step })
}

function fdatasync({ directory, ...repeated }: MachineCommands['fdatasync']['input']): Promise<LoadResult> {
  const file = openSync(join(directory, `sync-${process.pid}-${files++}`), 'wx')
  ftruncateSync(file, 0)
  const bytes = pattern(SYNC_SIZE)
  // Written once before, so that the blocks are there and no sync has to change the file's map of them.
  writeSync(file, bytes, 0, SYNC_SIZE, 0)
  fdatasyncSync(file)
  const step = (): Promise<number> => {
    writeSync(file, bytes, 0, SYNC_SIZE, 0)
    fdatasyncSync(file)
    return Promise.resolve(SYNC_SIZE)
  }
  return drive({ ...repeated, concurrency: 1, step })
}

function writeFile({ directory, size, ...repeated }: MachineCommands['writeFile']['input']): Promise<LoadResult> {
  const bytes = pattern(size)
  const step = async (): Promise<number> => {
    const file = await open(join(directory, `file-${process.pid}-${files++}`), 'wx')
    for (let at = 0; at < size; at += WRITE_SIZE) await file.write(bytes, at, Math.min(WRITE_SIZE, size - at))
    await file.datasync()
    await file.close()
    return size
  }
  return drive({ ...repeated, concurrency: 1, step })
}

answerCommands<MachineCommands>({ md5, fdatasync, writeFile })
