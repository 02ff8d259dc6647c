import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { readBody } from './body.ts'

const stream = (...chunks: string[]): Readable => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

describe('readBody', () => {
  test('reads up to the limit', async () => {
    expect((await readBody(stream('ab', 'c'), { sizeMax: 3 })).toString()).toBe('abc')
    expect((await readBody(stream('abc'), { sizeMax: 3, size: 3 })).toString()).toBe('abc')
    expect((await readBody(stream(), { sizeMax: 0 })).length).toBe(0)
  })

  test('refuses a byte more and leaves the rest', async () => {
    const body = stream('ab', 'cd', 'ef')
    await expect(readBody(body, { sizeMax: 3 })).rejects.toMatchObject({ code: 'BodyTooLarge' })
    expect(body.destroyed).toBe(false)
    await expect(readBody(stream('ab'), { sizeMax: 3, size: 4 })).rejects.toMatchObject({ code: 'BodyTooLarge' })
  })

  test('refuses a body of another length than was said', async () => {
    await expect(readBody(stream('ab'), { sizeMax: 9, size: 3 })).rejects.toMatchObject({ code: 'BodyTruncated' })
    await expect(readBody(stream('abcd'), { sizeMax: 9, size: 3 })).rejects.toMatchObject({ code: 'BodyTruncated' })
  })

  test('a client that goes away is an error, before and during', async () => {
    const body = new Readable({ read() {} })
    body.push('a')
    const reading = readBody(body, { sizeMax: 9 })
    body.destroy(new Error('gone'))
    await expect(reading).rejects.toMatchObject({ code: 'BodyTruncated' })
    await expect(readBody(body, { sizeMax: 9 })).rejects.toMatchObject({ code: 'BodyTruncated' })
  })
})
