import assert from 'node:assert/strict'
import { runCommand } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import { exerciseS3 } from './exercise-s3.ts'
import { readyLine } from './imports.ts'
import { withServedProgram } from './served-program.ts'
import type { Workshop } from './workshop.ts'

/** The command that a newcomer types. */
export const command: PackedCheck = {
  name: 'command',
  claim: 'npx stowage serve serves, answers /health and ends well on SIGTERM.',
  cases: (workshop) =>
    workshop.nodeMajors.map((major) => ({ name: `npx stowage serve on Node ${major}`, run: () => serve(workshop, major) })),
}

async function serve(workshop: Workshop, major: number): Promise<void> {
  const [app, node] = await Promise.all([workshop.app(), workshop.node(major)])
  const env = workshop.environment(node)
  // npm is a program too, and puts folders of its own on the path: is it that Node which runs?
  const asked = await runCommand('npx', ['--no-install', '-c', 'node -p process.versions.node'], { cwd: app, env })
  assert.equal(asked.stdout.trim(), node.version, asked.stderr)
  const program = {
    command: 'npx',
    args: ['--no-install', '--loglevel=error', 'stowage', 'serve', '--memory', '--port', '0', '--json'],
    cwd: app,
    env,
    readDoor: readyLine,
  }
  const { code, stderr } = await withServedProgram(program, async (door) => {
    assert.equal((await fetch(`${door.endpoint}/health`)).status, 200)
    assert.equal((await fetch(`${door.endpoint}/ready`)).status, 200)
    await exerciseS3(door)
  })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
}
