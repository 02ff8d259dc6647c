import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startPostgres } from './postgres-server.ts'

test.each([0, 3])('a process that has it ends with the exit code that it set: %i', async (code) => {
  const server = new URL('./postgres-server.ts', import.meta.url).href
  const program = `await import(${JSON.stringify(server)}); process.exitCode = ${code}`
  const child = spawn(process.execPath, ['-C', '@stowage/source', '--input-type=module', '-e', program], { stdio: 'ignore' })
  expect((await once(child, 'close'))[0]).toBe(code)
})

test('what was committed is there after a crash', async () => {
  const server = await startPostgres({ durable: true, connectionsMax: 20 })
  try {
    const pool = server.pool({ max: 1 })
    await pool.query('CREATE TABLE kept AS SELECT 1 AS n')
    await server.crash()
    await expect(pool.query('SELECT n FROM kept')).rejects.toThrow(/terminat|ECONNREFUSED|connection/i)
    await server.restart()
    expect((await pool.query('SELECT n FROM kept')).rows).toEqual([{ n: 1 }])
    expect((await pool.query('SHOW fsync')).rows).toEqual([{ fsync: 'on' }])
  } finally {
    await server.stop()
  }
})
