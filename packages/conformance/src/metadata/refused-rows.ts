import assert from 'node:assert/strict'
import type { Versioning } from '@stowage/core'
import { bucket, makeBucket, type MetadataCase, newUpload, requirement, target } from './support.ts'

const CONFLICT = { code: 'Conflict' }

/** What no row may hold twice, or at all: an error of the engine's, whatever the database says. */
export const refusedRowCases: readonly MetadataCase[] = [
  {
    name: 'ids: an upload whose id is taken is refused, and the first one stays',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await store.createUpload({ upload: newUpload('u1', { tags: { first: 'yes' } }), require: requirement() })
      await assert.rejects(store.createUpload({ upload: newUpload('u1', { key: 'other' }), require: requirement() }), CONFLICT)
      assert.deepEqual((await store.findUpload(target('u1')))?.tags, { first: 'yes' })
    },
  },
  {
    name: 'ids: a bucket whose id is taken is refused, and the first one stays',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await assert.rejects(store.createBucket({ bucket: bucket({ name: 'another' }), require: requirement() }), CONFLICT)
      assert.equal(await store.findBucket({ jurisdiction: 'default', name: 'another' }), null)
    },
  },
  {
    name: 'values: what is no state of versioning is refused',
    async run({ store }) {
      // As from JavaScript.
      const versioning = 'perhaps' as Versioning
      await assert.rejects(store.createBucket({ bucket: bucket({ versioning }), require: requirement() }), { code: 'InvalidArgument' })
    },
  },
]
