import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const IMPORT = `import { HashWorkerPool } from '${new URL('./hash-worker-pool.ts', import.meta.url).href}'
    `

/** Runs a module in a process of its own, from source; returns what it printed. */
async function runModule(text: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', text])
  return stdout
}

/** Runs a module with a pool that has one thread, in the middle of a body. */
async function run(script: string): Promise<string> {
  const prelude = `${IMPORT}const pool = new HashWorkerPool({ threadsMax: 1 })
    await pool.start()
    const stream = pool.open(['MD5'])
    for (let rest = Buffer.alloc(3_000_000, 'a'); rest.length > 0;) {
      const filled = stream.fill(rest)
      if (filled === 0) await stream.change()
      rest = rest.subarray(filled)
      stream.takeFull()
    }
    `
  return runModule(prelude + script)
}

const md5 = createHash('md5').update(Buffer.alloc(3_000_000, 'a')).digest('hex')

test('an idle thread lets the process end', async () => {
  expect(await run(`console.log((stream.end(), await stream.digests())[0].toString('hex'))`)).toBe(`${md5}\n`)
})

test('a digest that somebody waits for keeps the process alive, though nothing else does', async () => {
  expect(await run(`stream.end(); stream.digests().then(([digest]) => console.log(digest.toString('hex')))`)).toBe(`${md5}\n`)
})

test('a body that was given up does not', async () => {
  expect(await run(`stream.abort()`)).toBe('')
})

test('whoever waits for the end of a pool gets to see it, also where its thread was only about to be ready', async () => {
  // That it is ready comes in when it is already told to stop, because we were busy; now and then, hence several times.
  const script = `for (let n = 0; n < 6; n += 1) {
      const pool = new HashWorkerPool({ threadsMax: 1 })
      void pool.start()
      for (const end = performance.now() + 250; performance.now() < end;);
      await pool.close()
    }
    console.log('closed')`
  expect(await runModule(IMPORT + script)).toBe('closed\n')
})
