import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants.ts'

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
const COPIED = ['package.json', 'packages/core/package.json', 'packages/core/src', 'packages/core/test', 'tools/differential']

/** A copy of the sources, in which faults are planted one at a time. */
export class MutatedTree {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  static async create(): Promise<MutatedTree> {
    const root = await mkdtemp(join(tmpdir(), 'stowage-mutants-'))
    for (const path of COPIED) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await cp(join(REPOSITORY, path), join(root, path), { recursive: true })
    }
    await symlink(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'), 'junction')
    return new MutatedTree(root)
  }

  remove(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true })
  }

  /** Plants a fault, does something, and takes the fault out again. Fails where its place is not there exactly once. */
  async with<T>({ name, file, find, replace }: Mutant, action: () => Promise<T>): Promise<T> {
    const path = join(this.#root, 'packages/core/src', file)
    const text = await readFile(path, 'utf8')
    if (text.split(find).length !== 2)
      throw new Error(`the place of the mutant "${name}" is in ${file} ${text.split(find).length - 1} times`)
    await writeFile(
      path,
      text.replace(find, () => replace),
    )
    try {
      return await action()
    } finally {
      await writeFile(path, text)
    }
  }

  /** Runs the differential test of the copy; gives what it printed, and its exit code. */
  run(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const main = join(this.#root, 'tools/differential/src/main.ts')
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['-C', '@stowage/source', main, ...args], {
        cwd: this.#root,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const pieces: string[] = []
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece))
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, output: pieces.join('') }))
    })
  }
}
