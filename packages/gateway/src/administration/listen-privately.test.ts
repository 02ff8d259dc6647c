import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listenPrivately } from './listen-privately.ts'

test('the socket is its owner’s from the first moment, under whichever mask', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-socket-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, 'a.sock')
  const server = createServer()
  onTestFinished(() => void server.close())
  const former = process.umask(0)
  try {
    const listening = listenPrivately(server, path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(process.umask()).toBe(0)
    await listening
    expect(statSync(path).mode & 0o777).toBe(0o600)
  } finally {
    process.umask(former)
  }
})

test('where there is a file of this name, it fails, and the mask is what it was', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-socket-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const mask = process.umask()
  await expect(listenPrivately(createServer(), directory)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(process.umask()).toBe(mask)
})
