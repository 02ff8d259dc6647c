import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Peer } from './peers.ts'

/** Which version of a peer is installed, as far as that can be told. */
export async function peerVersion(peer: Peer, bin: string): Promise<string> {
  const program = peer.program(bin)
  try {
    return program.endsWith('.js') ? await packageVersion(program) : await moduleVersion(program)
  } catch {
    return 'unknown'
  }
}

/** Of the package that a script lies in. */
async function packageVersion(program: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(dirname(program), '../package.json'), 'utf8')) as { readonly version: string }
  return manifest.version
}

/** Go keeps in a program which module it was made of; what the programs say themselves is set by scripts that `go install` does not run. */
async function moduleVersion(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['version', '-m', program])
  return /^\s+mod\s+\S+\s+(\S+)/m.exec(stdout)?.[1] ?? 'unknown'
}
