import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { FormFile } from './form-file.ts'
import { MultipartReader } from './multipart-reader.ts'

const HEAD = '--xx\r\nContent-Disposition: form-data; name="file"\r\n\r\n'

/** A file of many chunks, and how much of its form was asked for. */
async function open(): Promise<{ readonly file: FormFile; readonly state: { pulled: number; returned: number } }> {
  const state = { pulled: 0, returned: 0 }
  const source = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        state.pulled += 1
        return { done: false as const, value: Buffer.from(state.pulled === 1 ? HEAD : 'some of the content') }
      },
      async return() {
        state.returned += 1
        return { done: true as const, value: undefined }
      },
    }),
  }
  const reader = new MultipartReader(source, 'xx')
  await reader.nextPart()
  return { file: new FormFile(reader, { min: 0, max: 30 }), state }
}

describe('FormFile', () => {
  test('asks for no more of the body than it is asked for itself', async () => {
    const { file, state } = await open()
    const iterator = file[Symbol.asyncIterator]()
    const before = state.pulled
    expect((await iterator.next()).value).toEqual(Buffer.from('some of the content'))
    expect(state.pulled - before).toBe(1)
  })

  test('fails as soon as too much has come', async () => {
    const { file, state } = await open()
    const iterator = file[Symbol.asyncIterator]()
    await iterator.next()
    const before = state.pulled
    await expect(iterator.next()).rejects.toMatchObject({ code: 'EntityTooLarge', fields: { ProposedSize: '38', MaxSizeAllowed: '30' } })
    expect(state.pulled - before).toBe(1)
  })

  test('gives the body up when nobody is going to read it', async () => {
    const { file, state } = await open()
    await file[Symbol.asyncIterator]().return?.()
    expect(state.returned).toBe(1)
  })
})
