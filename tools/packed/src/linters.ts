import assert from 'node:assert/strict'
import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import type { Workshop } from './workshop.ts'

/** What others say of our `package.json`. */
export const linters: PackedCheck = {
  name: 'linters',
  claim: 'publint --strict and attw find nothing to complain of.',
  cases: (workshop) =>
    workshop.packages.flatMap(({ manifest, tarball }) => [
      { name: `publint ${manifest.name}`, run: () => lint(workshop, 'publint', [tarball, '--strict']) },
      { name: `attw ${manifest.name}`, run: () => lint(workshop, 'attw', [tarball, '--profile', 'esm-only', '--no-color']) },
    ]),
}

async function lint(workshop: Workshop, tool: string, args: readonly string[]): Promise<void> {
  const command = join(await workshop.tools(), '.bin', tool)
  const node = { path: process.execPath, version: process.versions.node }
  const { code, stdout, stderr } = await runCommand(process.execPath, [command, ...args], { env: workshop.environment(node) })
  assert.equal(code, 0, `${tool} ${args.join(' ')}: ${stdout}${stderr}`)
  // Both have been seen to say nothing of a package that they could not read.
  assert.match(stdout, tool === 'publint' ? /All good!/ : /node16 \(from ESM\)/)
}
