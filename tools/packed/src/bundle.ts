import assert from 'node:assert/strict'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import { exerciseS3 } from './exercise-s3.ts'
import { readyLine } from './imports.ts'
import { withServedProgram } from './served-program.ts'
import { REPOSITORY } from './workshop.ts'
import type { NodeBinary, Workshop } from './workshop.ts'

const HOW_TO = 'docs/how-to/bundle.md'

/** What `docs/how-to/bundle.md` tells people to do. */
export const bundle: PackedCheck = {
  name: 'bundle',
  claim: 'An esbuild bundle runs far from our packages: of one file with the writer inline, and of three with the workers.',
  cases: (workshop) =>
    workshop.nodeMajors.flatMap((major) => [
      { name: `one file on Node ${major}`, run: () => runBundle(workshop, major, 'inline') },
      { name: `with its workers on Node ${major}`, run: () => runBundle(workshop, major, 'workers') },
    ]),
}

async function runBundle(workshop: Workshop, major: number, way: 'inline' | 'workers'): Promise<void> {
  const [app, node] = await Promise.all([workshop.app(), workshop.node(major)])
  const out = await build(workshop, { app, node, way })
  assert.deepEqual(
    (await readdir(out)).sort(),
    way === 'inline' ? ['server.js'] : ['hash-worker.js', 'server.js', 'sqlite-writer-worker.js'],
  )
  // Where it is run, there is the add-on and nothing else: what the bundle has left behind would be missed.
  const place = await workshop.scratch()
  await cp(out, place, { recursive: true })
  await writeFile(join(place, 'package.json'), '{ "type": "module" }')
  await cp(join(app, 'node_modules/better-sqlite3'), join(place, 'node_modules/better-sqlite3'), { recursive: true })
  const args = ['server.js', await workshop.scratch(), ...(way === 'inline' ? ['inline'] : [])]
  const program = { command: node.path, args, cwd: place, env: workshop.environment(node), readDoor: readyLine }
  const { code, stderr } = await withServedProgram(program, (door) => exerciseS3(door))
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
}

/** Runs the commands of the page as they stand there. */
async function build(
  workshop: Workshop,
  { app, node, way }: { readonly app: string; readonly node: NodeBinary; readonly way: 'inline' | 'workers' },
): Promise<string> {
  const page = await readFile(join(REPOSITORY, HOW_TO), 'utf8')
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text)
  const [inline, workers] = commands
  assert.ok(inline !== undefined && workers !== undefined && commands.length === 2, `${HOW_TO} has other commands than this check runs`)
  const env = workshop.environment(node)
  const PATH = `${join(await workshop.tools(), '.bin')}:${env['PATH'] ?? ''}`
  const script = (way === 'inline' ? inline : workers)
    .replaceAll('npx esbuild', 'esbuild')
    .replaceAll('--outdir=out', `--outdir=out-${way}`)
  const { code, stderr } = await runCommand('sh', ['-ec', script], { cwd: app, env: { ...env, PATH } })
  assert.equal(code, 0, stderr)
  return join(app, `out-${way}`)
}
