import { setTimeout as wait } from 'node:timers/promises'
import { parseBlobKey } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import { refusal } from '../test/support/scripted-server.ts'
import type { Received, Reply } from '../test/support/scripted-server.ts'

const KEYS = ['a', 'b', 'c', 'd'].map(parseBlobKey)

async function open(reply: (received: Received) => Reply): Promise<Opened> {
  // Whatever is tried again here is waited for in vain.
  const opened = await openOn(reply, { concurrency: 3, retryDelaySeconds: 3_600, retryDelayMaxSeconds: 3_600 })
  return opened
}

describe('a deletion of many', () => {
  test('stops at the first failure: what is under way ends, nothing begins, nothing is tried again', async () => {
    const one = await open(({ target }) =>
      target.endsWith('/o/c') ? refusal(403, 'forbidden', 'no') : refusal(503, 'backendError', 'Backend Error'),
    )
    await expect(one.backend.delete(KEYS)).rejects.toMatchObject({ code: 'BackendUnavailable', message: expect.stringMatching(/\(403\)/) })
    expect(one.received()).toHaveLength(3)
  })

  test('stops at an abort between two tries', async () => {
    const one = await open(() => refusal(503, 'backendError', 'Backend Error'))
    const controller = new AbortController()
    const reason = new Error('enough')
    const deleting = expect(one.backend.delete(KEYS, { signal: controller.signal })).rejects.toBe(reason)
    while (one.received().length < 3) await wait(1)
    await wait(50)
    controller.abort(reason)
    await deleting
    expect(one.received()).toHaveLength(3)
  })
})
