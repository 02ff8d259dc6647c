import assert from 'node:assert/strict'
import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import { exerciseS3 } from './exercise-s3.ts'
import type { Door } from './exercise-s3.ts'
import { withServedProgram } from './served-program.ts'
import type { NodeBinary, Workshop } from './workshop.ts'

/** What no route of Next is given: it resolves the dots of a path and answers 308 where it has empty segments. */
const REFUSED = ['dots/a/../b', 'dots/./c', '..', 'empty//segment']
const BUILD_MS = 300_000

/** `examples/next`: built for production, started, and used. */
export const next: PackedCheck = {
  name: 'next',
  claim: 'A Next production build serves S3 from a route handler and from an API route, keys with spaces, plus and percent included.',
  cases: (workshop) =>
    workshop.nodeMajors.map((major) => ({ name: `build and start on Node ${major}`, run: () => buildAndServe(workshop, major) })),
}

async function buildAndServe(workshop: Workshop, major: number): Promise<void> {
  const [app, node] = await Promise.all([workshop.next(), workshop.node(major)])
  const env = workshop.environment(node)
  const cli = join(app, 'node_modules/next/dist/bin/next')
  const built = await runCommand(node.path, [cli, 'build'], { cwd: app, env, timeoutMs: BUILD_MS })
  assert.equal(built.code, 0, `next build: ${built.stdout}${built.stderr}`)
  // One engine for both, whichever is asked first.
  await serve(workshop, { app, node, env, cli }, { path: '/storage/v1/s3', dropsLengths: true })
  await serve(workshop, { app, node, env, cli }, { path: '/api/storage/v1/s3', dropsLengths: false })
}

interface BuiltApp {
  readonly app: string
  readonly node: NodeBinary
  readonly env: NodeJS.ProcessEnv
  readonly cli: string
}

async function serve(
  workshop: Workshop,
  { app, node, env, cli }: BuiltApp,
  { path, dropsLengths }: { readonly path: string; readonly dropsLengths: boolean },
): Promise<void> {
  const STORAGE_DIRECTORY = await workshop.scratch()
  const keys = { accessKeyId: 'AKEXAMPLE', secretAccessKey: 'not much of a secret' }
  const readDoor = (stdout: string): Door | undefined => {
    const endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0]
    return endpoint === undefined || !stdout.includes('Ready in')
      ? undefined
      : { endpoint: `${endpoint}${path}`, region: 'us-east-1', ...keys }
  }
  const args = [cli, 'start', '--port', '0', '--hostname', '127.0.0.1']
  const program = { command: node.path, args, cwd: app, env: { ...env, STORAGE_DIRECTORY }, readDoor }
  const { stderr } = await withServedProgram(program, (door) => exerciseS3(door, { refused: REFUSED, dropsLengths }))
  assert.equal(stderr, '')
}
