import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import type { Policy } from '../policy/policy.ts'
import { ALWAYS, type Predicate } from '../policy/predicate.ts'
import { unconditional } from '../policy/requirement.ts'

const PLAIN: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'content_type' }, b: { k: 'lit', t: 'text', v: 'text/plain' } }

/** Lets everybody write what `proposed` lets through. */
function policyOf(state: { proposed: Predicate }): Policy {
  return {
    require: ({ action, policyVersion }) => {
      const open = unconditional(policyVersion)
      return action === 'object.write' ? { ...open, proposed: state.proposed } : open
    },
  }
}

describeOnEachStore('an unfinished upload', (store) => {
  test('is told nothing of by whoever may not write its object any more', async () => {
    const state = { proposed: ALWAYS }
    const { session, bucket, engine } = await openTestEngine(store, { policy: policyOf(state), limits: { inlineSizeMax: 0 } })
    for (const [contentType, allowed] of [
      ['text/plain', true],
      ['text/html', false],
    ] as const) {
      state.proposed = ALWAYS
      await engine.policyChanged()
      const named = { bucket, key: 'k', headers: { contentType } }
      const parts = { bucket, key: 'k', uploadId: (await session.createUpload(named)).uploadId }
      await session.uploadPart({ ...parts, partNumber: 1, body: bytesOf(5) })
      const append = { bucket, key: 'k', uploadId: (await session.createAppendUpload(named)).uploadId }
      await session.append({ ...append, offset: 0, body: bytesOf(5) })
      state.proposed = PLAIN
      await engine.policyChanged()
      let read = 0
      const body = (): AsyncIterable<Uint8Array> => ({
        [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: (read += 1) }) }),
      })
      const calls = [
        () => session.listParts(parts),
        () => session.listParts({ ...parts, limit: 0 }),
        () => session.getAppendUpload(append),
        () => session.uploadPart({ ...parts, partNumber: 2, body: body() }),
        () => session.append({ ...append, offset: 5, body: body() }),
        () => session.finishAppendUpload(append),
        () => session.abortUpload(parts),
      ]
      for (const call of calls) {
        if (allowed) await call()
        else await expect(call()).rejects.toMatchObject({ code: 'AccessDenied' })
      }
      // Refused before the body is read.
      expect(read).toBe(allowed ? 2 : 0)
    }
    await engine.close()
  })

  test('that is finished answers again, as it did', async () => {
    const state = { proposed: ALWAYS }
    const { session, bucket, engine } = await openTestEngine(store, { policy: policyOf(state) })
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const done = await session.finishAppendUpload({ bucket, key: 'k', uploadId })
    state.proposed = PLAIN
    await engine.policyChanged()
    expect(await session.finishAppendUpload({ bucket, key: 'k', uploadId })).toEqual(done)
    await engine.close()
  })
})
