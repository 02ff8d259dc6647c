import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'vitest'

/** The repository. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

/** What a page shows in a block. */
export interface Block {
  readonly language: string
  readonly text: string
}

/** The blocks of a page of `docs/`, in its order. */
export async function blocksOf(page: string): Promise<readonly Block[]> {
  const text = await readFile(join(ROOT, 'docs', page), 'utf8')
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', block = '']) => ({ language, text: block }))
}

/** Runs the commands of a block as a reader would, but with the command of this repository. Gives back what they print; they complain of nothing. */
export async function typed(text: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const npx = `npx() { shift; "${process.execPath}" -C @stowage/source "${ROOT}packages/gateway/src/main.ts" "$@"; }`
  const { stdout, stderr } = await run('sh', ['-e', '-c', `${npx}\n${text}`], { cwd, env: { ...process.env, ...env } })
  expect(stderr).toBe('')
  return stdout
}
