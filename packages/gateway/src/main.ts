#!/usr/bin/env node
import { checkNodeVersion } from './check-node-version.ts'

// Nothing that loads a native add-on is imported before the version is known: better-sqlite3 crashes on Node 20.
const complaint = checkNodeVersion(process.versions.node)
if (complaint === null) {
  // libuv reads this once, when its pool is first used: four threads would let four slow fsyncs stall every other file call.
  process.env['UV_THREADPOOL_SIZE'] ??= '16'
  void import('./commands/run-cli.ts').then(async ({ runCli }) => {
    process.exitCode = await runCli({
      argv: process.argv.slice(2),
      env: process.env,
      stdout: process.stdout,
      stderr: process.stderr,
      process,
    })
  })
} else {
  process.stderr.write(`stowage: ${complaint}\n`)
  process.exitCode = 2
}
