import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

test.each([0, 3])('a process that has it ends with the exit code that it set: %i', async (code) => {
  const server = new URL('./postgres-server.ts', import.meta.url).href
  const program = `await import(${JSON.stringify(server)}); process.exitCode = ${code}`
  const child = spawn(process.execPath, ['-C', '@stowage/source', '--input-type=module', '-e', program], { stdio: 'ignore' })
  expect((await once(child, 'close'))[0]).toBe(code)
})
