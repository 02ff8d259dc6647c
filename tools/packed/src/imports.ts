import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import { entryPoints, isWorker } from './entry-points.ts'
import { exerciseS3 } from './exercise-s3.ts'
import type { Door } from './exercise-s3.ts'
import { withServedProgram } from './served-program.ts'
import type { Workshop } from './workshop.ts'

/** What a program does with the packages on each Node. */
export const imports: PackedCheck = {
  name: 'imports',
  claim: 'Every entry point can be imported and required, workers start, and a program that embeds the engine and S3 works.',
  cases: (workshop) =>
    workshop.nodeMajors.flatMap((major) => [
      { name: `every entry point on Node ${major}`, run: () => importAll(workshop, major) },
      { name: `a program on Node ${major}`, run: () => runProgram(workshop, major) },
    ]),
}

async function importAll(workshop: Workshop, major: number): Promise<void> {
  const [app, node] = await Promise.all([workshop.app(), workshop.node(major)])
  const names = entryPoints(workshop.packages)
  const plain = names.filter((name) => !isWorker(name))
  const lines = [
    `import { createRequire } from 'node:module'`,
    `import { Worker } from 'node:worker_threads'`,
    `const require = createRequire(import.meta.url)`,
    // Required as well: programs that are CommonJS still are users of ours.
    ...plain.map((name) => `if ((await import('${name}')) !== require('${name}')) throw new Error('${name} is there twice')`),
    `const { sqliteMetadata } = await import('@stowage/core/sqlite')`,
    `const url = (name) => new URL(import.meta.resolve(name))`,
    `const store = sqliteMetadata({ temporary: true, worker: url('@stowage/core/sqlite-writer-worker') })`,
    `await store.open()`,
    `await store.close()`,
    `const hashes = new Worker(url('@stowage/core/hash-worker'))`,
    `await new Promise((resolve, reject) => hashes.once('message', resolve).once('error', reject))`,
    `await hashes.terminate()`,
    `console.log(process.versions.node)`,
  ]
  assert.deepEqual(
    names.filter(isWorker),
    ['@stowage/core/sqlite-writer-worker', '@stowage/core/hash-worker'],
    'a worker that nobody starts',
  )
  await writeFile(join(app, 'all.mjs'), `${lines.join('\n')}\n`)
  const result = await runCommand(node.path, ['all.mjs'], { cwd: app, env: workshop.environment(node) })
  assert.deepEqual(result, { code: 0, signal: null, stdout: `${node.version}\n`, stderr: '' })
}

async function runProgram(workshop: Workshop, major: number): Promise<void> {
  const [app, node] = await Promise.all([workshop.app(), workshop.node(major)])
  const args = ['server.ts', await workshop.scratch()]
  const program = { command: node.path, args, cwd: app, env: workshop.environment(node), readDoor: readyLine }
  const { code, stderr } = await withServedProgram(program, (door) => exerciseS3(door))
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
}

/** The one line of JSON that our servers print when they listen. */
export function readyLine(stdout: string): Door | undefined {
  return stdout.includes('\n') ? (JSON.parse(stdout.slice(0, stdout.indexOf('\n'))) as Door) : undefined
}
