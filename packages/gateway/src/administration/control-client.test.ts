import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectControl } from './control-client.ts'
import { controlPath } from './control-path.ts'

/** A directory whose control socket is answered so. */
async function directoryOf(listener: RequestListener): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-control-'))
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(controlPath(directory), resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(directory, { recursive: true })
  })
  return directory
}

test('a server that goes away in the middle of an answer is not one that found nothing', async () => {
  const steps: unknown[] = []
  const step = { phase: 'manifests', done: 1, total: 2 }
  const directory = await directoryOf(({ socket }, response) => {
    response.write(`${JSON.stringify({ step })}\n`, () => void setTimeout(() => socket.destroy(), 50))
  })
  const administration = await connectControl(directory)
  const asked = administration?.fsck({ deep: false, onProgress: (one) => void steps.push(one) })
  await expect(asked).rejects.toThrow('went away')
  expect(steps).toEqual([step])
  await expect(administration?.buckets()).rejects.toThrow('went away')
})

test('what the server says it cannot do is said, and nothing is asked before', async () => {
  const asked: unknown[] = []
  const directory = await directoryOf(({ url }, response) => {
    asked.push(url)
    response.end(`${JSON.stringify({ error: 'not today' })}\n`)
  })
  const administration = await connectControl(directory)
  expect(asked).toEqual([])
  await expect(administration?.stat()).rejects.toThrow('not today')
  expect(asked).toEqual(['/stat'])
})

test('nobody listens', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-control-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  expect(await connectControl(directory)).toBeNull()
})
