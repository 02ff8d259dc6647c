import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs, SEED_HINT, TIMEOUT_MS } from '../../test/hostile/settings.ts'
import { S3Error } from '../s3-error.ts'
import { FIELDS_MAX, FIELDS_SIZE_MAX, MultipartReader, REST_SIZE_MAX } from './multipart-reader.ts'

const B = 'xx'

interface Read {
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly file: Buffer | null
}

/** Everything in a body, with the first part named file as the file. */
async function read(chunks: readonly Uint8Array[], boundary = B): Promise<Read> {
  const reader = new MultipartReader(
    (async function* () {
      yield* chunks
    })(),
    boundary,
  )
  const fields: (readonly [string, string])[] = []
  for (let part = await reader.nextPart(); part !== null; part = await reader.nextPart()) {
    if (part.name !== 'file') {
      fields.push([part.name, await reader.text()])
      continue
    }
    const content: Uint8Array[] = []
    for (let chunk = await reader.chunk(); chunk !== null; chunk = await reader.chunk()) content.push(Buffer.from(chunk))
    await reader.finish()
    return { fields, file: Buffer.concat(content) }
  }
  return { fields, file: null }
}

const part = (name: string, content: string): string => `--${B}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`
const END = `--${B}--\r\n`
const bytes = (text: string): readonly Uint8Array[] => [Buffer.from(text, 'latin1')]

async function codeOf(body: string): Promise<string> {
  return read(bytes(body)).then(
    () => 'read',
    (error: unknown) => (error instanceof S3Error ? error.code : String(error)),
  )
}

describe('MultipartReader', () => {
  test.each([1, 2, 3, 7, 1000])('reads fields and a file in pieces of %i bytes', async (size) => {
    const body = Buffer.from(part('key', 'k') + part('empty', '') + part('file', `a\r\n--${B[0]}\r\n-\r\r\n`) + part('late', 'x') + END)
    const chunks: Buffer[] = []
    for (let at = 0; at < body.length; at += size) chunks.push(body.subarray(at, at + size))
    const { fields, file } = await read(chunks)
    expect([fields, file?.toString()]).toEqual([
      [
        ['key', 'k'],
        ['empty', ''],
      ],
      `a\r\n--${B[0]}\r\n-\r\r\n`,
    ])
  })

  test.each([
    ['an empty line before the first boundary', `\r\n${part('file', 'x')}${END}`],
    ['nothing behind the last boundary', `${part('file', 'x')}--${B}--`],
    ['an epilogue', `${part('file', 'x')}${END}whatever`],
    ['no file', `${part('key', 'x')}${END}`],
  ])('takes %s', async (_what, body) => {
    expect(await codeOf(body)).toBe('read')
  })

  const file = part('file', 'content')
  test.each([
    ['nothing', ''],
    ['no boundary', 'garbage'],
    ['a preamble', `preamble\r\n${file}${END}`],
    ['two empty lines before the first boundary', `\r\n\r\n${file}${END}`],
    ['line feeds alone', `${file}${END}`.replaceAll('\r\n', '\n')],
    ['no last boundary', file],
    ['half of the last boundary', `${file}--${B}-`],
    ['no last boundary behind a late field', `${file}${part('late', 'x')}`],
    ['an end within the file', file.slice(0, -5)],
    ['an end within a head', `${part('key', 'k')}--${B}\r\nContent-Disp`],
    ['an end within a field', part('key', 'k').slice(0, -3)],
    ['a boundary that goes on', `${part('key', 'k')}--${B}zz\r\n${file}${END}`],
    ['a boundary within the content', `${part('file', `a\r\n--${B}zz`)}${END}`],
    ['spaces behind a boundary', `--${B}  ${file.slice(B.length + 2)}${END}`],
    ['a part without headers', `--${B}\r\n\r\nx\r\n${file}${END}`],
    ['a field that is no UTF-8', `${part('key', '\xff')}${file}${END}`],
  ])('refuses %s', async (_what, body) => {
    expect(await codeOf(body)).toBe('MalformedPOSTRequest')
  })

  test('bounds what stands before the file, exactly', async () => {
    const rest = part('a', '').length + part('file', '').length - '\r\n'.length
    const room = FIELDS_SIZE_MAX - rest
    expect(await codeOf(`${part('a', 'v'.repeat(room))}${part('file', 'x'.repeat(100_000))}${END}`)).toBe('read')
    expect(await codeOf(`${part('a', 'v'.repeat(room + 1))}${part('file', 'x')}${END}`)).toBe('MaxPostPreDataLengthExceeded')
    expect(await codeOf(`--${B}\r\nX: ${'y'.repeat(100_000)}`)).toBe('MaxPostPreDataLengthExceeded')
    expect(await codeOf(part('a', 'v'.repeat(100_000)))).toBe('MaxPostPreDataLengthExceeded')
  })

  test('bounds how many fields there are', async () => {
    const fields = (count: number): string => Array.from({ length: count }, (_, index) => part(`f${index}`, '')).join('')
    expect(await codeOf(`${fields(FIELDS_MAX)}${part('file', 'x')}${END}`)).toBe('read')
    expect(await codeOf(`${fields(FIELDS_MAX + 1)}${part('file', 'x')}${END}`)).toBe('MaxPostPreDataLengthExceeded')
  })

  test('bounds what stands behind the file, in parts or behind them', async () => {
    expect(await codeOf(`${file}${END}${'e'.repeat(REST_SIZE_MAX - 2)}`)).toBe('read')
    expect(await codeOf(`${file}${END}${'e'.repeat(REST_SIZE_MAX - 1)}`)).toBe('MalformedPOSTRequest')
    expect(await codeOf(`${file}${part('late', 'e'.repeat(REST_SIZE_MAX))}${END}`)).toBe('MalformedPOSTRequest')
  })

  test('says that a body broke off', async () => {
    const source = (async function* () {
      yield Buffer.from(part('key', 'k'))
      throw new Error('ECONNRESET')
    })()
    const reader = new MultipartReader(source, B)
    await reader.nextPart()
    await expect(reader.text().then(() => reader.nextPart())).rejects.toMatchObject({ code: 'IncompleteBody' })
  })

  test('gives chunks back to their source when nothing of them is needed any more', async () => {
    const received = [Buffer.from(part('file', '').slice(0, -2)), Buffer.from('abc\r'), Buffer.from('def'), Buffer.from(`\r\n${END}`)]
    const released: Uint8Array[] = []
    const source = {
      [Symbol.asyncIterator]: async function* () {
        yield* received
      },
      releaseChunk(chunk: Uint8Array) {
        released.push(chunk)
        chunk.fill(0)
      },
    }
    const reader = new MultipartReader(source, B)
    await reader.nextPart()
    let content = ''
    for (let chunk = await reader.chunk(); chunk !== null; chunk = await reader.chunk()) {
      content += Buffer.from(chunk).toString()
      reader.release(chunk)
    }
    expect([content, released.length]).toEqual(['abc\rdef', 1])
  })
})

describe(`whatever comes (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  /** Bytes among which the beginnings of boundaries are frequent. */
  const content = fc
    .array(fc.constantFrom('\r', '\n', '\r\n', '-', '--', 'x', '\r\n--', '\r\n--x', 'y', 'é'), { maxLength: 12 })
    .map((pieces) => pieces.join(''))
    .filter((text) => !`${text}\r\n`.includes(`\r\n--${B}`))
  const cuts = fc.array(fc.nat(400), { maxLength: 8 })
  const cutUp = (body: Buffer, at: readonly number[]): Uint8Array[] => {
    const edges = [0, ...at.filter((cut) => cut < body.length).sort((a, b) => a - b), body.length]
    return edges.slice(1).map((edge, index) => body.subarray(edges[index], edge))
  }

  test('a form is read as it was written, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { maxLength: 4 }), content, cuts, async (values, fileContent, at) => {
        const body = values.map((value, index) => part(`f${index}`, value)).join('') + part('file', fileContent) + END
        const { fields, file: found } = await read(cutUp(Buffer.from(body), at))
        expect(fields).toEqual(values.map((value, index) => [`f${index}`, value]))
        expect(found?.toString()).toBe(fileContent)
      }),
      runs(2_000),
    )
  })

  test('anything else is refused, and the pieces do not matter', async () => {
    const outcome = async (chunks: readonly Uint8Array[]): Promise<string> =>
      read(chunks).then(
        ({ fields, file: found }) => JSON.stringify([fields, found?.toString('latin1') ?? null]),
        (error: unknown) => (error instanceof S3Error ? error.code : Promise.reject(error)),
      )
    const pieces = [
      '\r\n',
      '--xx',
      '--',
      '-',
      '\r',
      '\n',
      ':',
      '"',
      ';',
      ' ',
      'x',
      'Content-Disposition: form-data; name="file"',
      '\r\n\r\n',
    ]
    const wild = fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((all) => Buffer.from(`--xx\r\n${all.join('')}`))
    await fc.assert(
      fc.asyncProperty(wild, cuts, async (body, at) => {
        expect(await outcome(cutUp(body, at))).toBe(await outcome([body]))
      }),
      runs(4_000),
    )
  })
})
