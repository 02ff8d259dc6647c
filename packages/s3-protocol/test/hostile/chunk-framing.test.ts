import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { S3Error } from '../../src/s3-error.ts'
import { ChunkDecoder } from '../../src/sigv4/chunk-decoder.ts'
import { SigningKey } from '../../src/sigv4/signing-key.ts'
import type { ChunkDecoderOptions } from '../../src/sigv4/chunk-decoder.ts'
import { chunkedBody } from '../signer.ts'
import type { Seed } from '../signer.ts'
import { mutate, mutations, split } from './mutate.ts'
import { runs, SEED_HINT, TIMEOUT_MS } from './settings.ts'

const KEY = createHmac('sha256', 'a key').digest()
const SEED: Seed = { key: KEY, date: '20260102T030405Z', scope: '20260102/us-east-1/s3/aws4_request', signature: 'a'.repeat(64) }
const OPENING = { key: new SigningKey(KEY), amzDate: SEED.date, scope: SEED.scope, signature: SEED.signature }

interface Framed {
  readonly data: Buffer
  readonly stream: Buffer
  readonly trailers: readonly (readonly [string, string])[]
  readonly options: ChunkDecoderOptions
}

const trailerValue = fc.string({ unit: fc.constantFrom(...Array.from('aZ09+/= :;,"')), maxLength: 12 }).map((text) => text.trim())
const trailerList = fc.uniqueArray(fc.tuple(fc.constantFrom('x-a', 'x-b', 'x-amz-checksum-crc32'), trailerValue), {
  maxLength: 3,
  selector: ([name]) => name,
})
const data = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  // Data that looks like framing.
  fc
    .array(fc.constantFrom('0\r\n', '\r\n', '5\r\nhello\r\n', ';chunk-signature=', 'x-a:1\r\n'), { maxLength: 8 })
    .map((all) => Buffer.from(all.join(''))),
)

/** A body as a client would frame it. */
function framed(isSigned: boolean): fc.Arbitrary<Framed> {
  return fc
    .record({ data, chunkSize: fc.integer({ min: 10, max: 90 }), trailers: fc.option(trailerList) })
    .map(({ data, chunkSize, trailers }) => {
      // Unsigned bodies always have the section, if only with nothing in it.
      const written = trailers ?? (isSigned ? undefined : [])
      const stream = chunkedBody(data, { chunkSize, seed: isSigned ? SEED : null, ...(written === undefined ? {} : { trailers: written }) })
      const trailerNames = new Set((written ?? []).map(([name]) => name))
      return {
        data: Buffer.from(data),
        stream,
        trailers: written ?? [],
        options: { seed: isSigned ? OPENING : null, decodedLength: data.length, hasTrailer: written !== undefined, trailerNames },
      }
    })
}

type Outcome = { readonly data: string; readonly trailers: readonly (readonly [string, string])[] } | { readonly refused: string }

/** What a decoder makes of it, in these pieces. Anything thrown but an `S3Error` comes out. */
function decode(pieces: readonly Uint8Array[], options: ChunkDecoderOptions): Outcome {
  const decoder = new ChunkDecoder(options)
  try {
    const data = Buffer.concat(pieces.flatMap((piece) => decoder.decode(piece))).toString('latin1')
    return { data, trailers: [...decoder.finish()] }
  } catch (error) {
    if (!(error instanceof S3Error) || error.status >= 500) throw error
    return { refused: error.code }
  }
}

const WORDS = ['\r\n', '\n', '\r', '0', '0\r\n', '0\r\n\r\n', '00000000', 'ffffffff', '-1', ';', ';chunk-signature=', `;chunk-signature=${'0'.repeat(64)}`, ' ', '\0', ':', 'x-a:1\r\n', 'x-amz-trailer-signature:'] // prettier-ignore
const cuts = fc.array(fc.nat(1_000), { maxLength: 6 })
const signed = framed(true)
const unsigned = framed(false)

describe(`D06, D10: chunk framing (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  test.each([
    ['signed', signed],
    ['unsigned', unsigned],
  ])('%s: what a client framed comes out, however it is split', (_, body) => {
    fc.assert(
      fc.property(body, cuts, ({ data, options, stream, trailers }, cuts) => {
        expect(decode(split(stream, cuts), options)).toEqual({ data: data.toString('latin1'), trailers })
      }),
      runs(3_000),
    )
  })

  test('signed: whatever was done to it, it is refused, or what was signed comes out', () => {
    let accepted = 0
    fc.assert(
      fc.property(signed, mutations(WORDS), cuts, ({ data, options, stream, trailers }, changes, cuts) => {
        const changed = mutate(stream, changes)
        const outcome = decode(split(changed, cuts), options)
        expect(decode([changed], options)).toEqual(outcome)
        if ('refused' in outcome) return
        accepted += 1
        expect(outcome).toEqual({ data: data.toString('latin1'), trailers })
      }),
      runs(10_000),
    )
    // Changes that change nothing, such as a leading zero of a size.
    expect(accepted).toBeGreaterThan(0)
  })

  test('unsigned: whatever was done to it, it is what a plain reading of the grammar says', () => {
    let accepted = 0
    fc.assert(
      fc.property(unsigned, mutations(WORDS), cuts, ({ options, stream }, changes, cuts) => {
        const changed = mutate(stream, changes)
        const outcome = decode(split(changed, cuts), options)
        expect(decode([changed], options)).toEqual(outcome)
        const expected = read(changed.toString('latin1'), options)
        expect('refused' in outcome ? null : outcome).toEqual(expected)
        if (expected !== null) accepted += 1
      }),
      runs(10_000),
    )
    expect(accepted).toBeGreaterThan(50)
  })

  test.each([
    ['signed', OPENING],
    ['unsigned', null],
  ])('%s: any pieces of framing in any order are refused, or add up to what was said', (_, seed) => {
    const piece = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...WORDS, '5\r\nhello\r\n', '1\r\na\r\n', '2\r\n\r\n\r\n', 'x-b:2\r\n') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 10 }) },
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(20), fc.boolean(), (pieces, decodedLength, hasTrailer) => {
        const options = { seed, decodedLength, hasTrailer, trailerNames: new Set(['x-a']) }
        const bytes = pieces.map((text) => Buffer.from(text, 'latin1'))
        const outcome = decode(bytes, options)
        if (seed === null && hasTrailer) expect('refused' in outcome ? null : outcome).toEqual(read(pieces.join(''), options))
        // Without a signature nobody can make these up.
        else if (seed !== null) expect(outcome).toHaveProperty('refused')
        else if ('data' in outcome) expect(outcome.data).toHaveLength(decodedLength)
      }),
      runs(10_000),
    )
  })
})

/** An unsigned body with a trailer section, read once more: from the whole text, by regular expressions. Null where it is not well-formed. */
function read(text: string, { decodedLength, trailerNames }: ChunkDecoderOptions): Outcome | null {
  let data = ''
  let rest = text
  for (;;) {
    const line = /^([0-9a-fA-F]{1,8})\r\n/.exec(rest)
    if (line === null) return null
    const size = Number.parseInt(line[1] ?? '', 16)
    rest = rest.slice(line[0].length)
    if (size === 0) break
    if (rest.length < size + 2 || rest.slice(size, size + 2) !== '\r\n') return null
    data += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
  if (data.length !== decodedLength) return null
  const trailers: (readonly [string, string])[] = []
  let sawBare = false
  for (;;) {
    const line = /^([^\n]*)\n/.exec(rest)
    if (line === null) return null
    rest = rest.slice(line[0].length)
    const content = (line[1] ?? '').replace(/\r$/, '')
    if (content === '') break
    if (content === line[1]) sawBare = true
    const field = /^([a-z0-9!#$%&'*+\-.^_`|~]+):[ \t]*([^\0\r]*)$/i.exec(content)
    if (field === null) return null
    trailers.push([(field[1] ?? '').toLowerCase(), (field[2] ?? '').replace(/[ \t]+$/, '')])
  }
  const names = trailers.map(([name]) => name)
  if (names.length !== trailerNames.size || new Set(names).size !== names.length || !names.every((name) => trailerNames.has(name)))
    return null
  return rest === '' || (sawBare && rest === '\r\n') ? { data, trailers } : null
}
