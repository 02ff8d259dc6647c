import { expect, test } from 'vitest'
import { inlineExtent, makeBucket, newObject, putText, readText, ANYBODY } from '../../../test/metadata/samples.ts'
import type { NewObject } from '../commands.ts'
import { sqliteMetadata } from './sqlite-metadata.ts'

test('a command that cannot cross to the thread is refused, and the store goes on', async () => {
  const store = sqliteMetadata({ temporary: true })
  await store.open()
  await makeBucket(store)
  // As from JavaScript: the type of tags knows no functions.
  const object = { ...newObject('k', [inlineExtent('a')]), tags: { a: () => 1 } } as unknown as NewObject
  await expect(store.commitObject({ object, conditions: {}, require: ANYBODY, fresh: [] })).rejects.toMatchObject({
    code: 'StoreUnavailable',
  })
  expect(await putText(store, 'k', 'b')).toBe('committed')
  expect(await readText(store, 'k')).toBe('b')
  await store.close()
})
