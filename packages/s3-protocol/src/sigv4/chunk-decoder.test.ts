import { hash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AMZ_DATE, CHUNKED, SECRET_ACCESS_KEY, THREE_TRAILERS, TRAILER } from '../../test/aws-vectors.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import type { ChunkDecoderOptions } from './chunk-decoder.ts'
import { ChunkSignatures } from './chunk-signatures.ts'
import type { ChunkSeed } from './chunk-signatures.ts'
import { deriveSigningKey } from './signing-key.ts'

const SCOPE = '20130524/us-east-1/s3/aws4_request'
const key = deriveSigningKey(SECRET_ACCESS_KEY, { date: '20130524', region: 'us-east-1', service: 's3' })
const seedOf = (signature: string): ChunkSeed => ({ key, amzDate: AMZ_DATE, scope: SCOPE, signature })
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const code = (expected: string): unknown => expect.objectContaining({ name: 'S3Error', code: expected })

function options(changes: Partial<ChunkDecoderOptions> = {}): ChunkDecoderOptions {
  return { seed: null, decodedLength: 0, hasTrailer: true, trailerNames: new Set(), ...changes }
}

interface Decoded {
  readonly data: string
  readonly trailers: Record<string, string>
}

function decode(pieces: readonly Uint8Array[], changes: Partial<ChunkDecoderOptions>): Decoded {
  const decoder = new ChunkDecoder(options(changes))
  const data = Buffer.concat(pieces.flatMap((piece) => decoder.decode(piece))).toString('latin1')
  return { data, trailers: Object.fromEntries(decoder.finish()) }
}

/** Frames and signs chunks as a client does. */
function signedStream(chunks: readonly string[], trailers: readonly string[] | null, seed: string): string {
  let previous = seed
  let stream = ''
  const next = (algorithm: string, parts: readonly string[]): string => {
    previous = key.sign([algorithm, AMZ_DATE, SCOPE, previous, ...parts].join('\n'))
    return previous
  }
  for (const chunk of [...chunks, '']) {
    const signature = next('AWS4-HMAC-SHA256-PAYLOAD', [hash('sha256', ''), hash('sha256', chunk)])
    stream += `${chunk.length.toString(16)};chunk-signature=${signature}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`
  }
  if (trailers === null) return `${stream}\r\n`
  const canonical = trailers.map((line) => `${line}\n`).join('')
  const lines = trailers.map((line) => `${line}\r\n`).join('')
  return `${stream}${lines}x-amz-trailer-signature:${next('AWS4-HMAC-SHA256-TRAILER', [hash('sha256', canonical)])}\r\n\r\n`
}

function vectorStream(signatures: readonly string[], tail: string): Buffer {
  const [first, second, last] = signatures
  const chunk = (size: number, signature = ''): string => `${size.toString(16)};chunk-signature=${signature}\r\n${'a'.repeat(size)}\r\n`
  return bytes(`${chunk(65_536, first)}${chunk(1024, second)}0;chunk-signature=${last}\r\n${tail}`)
}

describe('known answers', () => {
  test('signed chunks', () => {
    const stream = vectorStream(CHUNKED.chunks, '\r\n')
    expect(stream.length).toBe(66_824)
    const decoded = decode([stream], { seed: seedOf(CHUNKED.seed), decodedLength: 66_560, hasTrailer: false })
    expect(decoded).toEqual({ data: 'a'.repeat(66_560), trailers: {} })
  })

  const names = new Set(['x-amz-checksum-crc32c'])
  const withTrailer = { seed: seedOf(TRAILER.seed), decodedLength: 66_560, trailerNames: names }

  test.each([
    ['as AWS writes it', '\r\n'],
    ['with bare line feeds and an empty line, as minio-go writes it', '\n\r\n'],
  ])('signed trailer, %s', (_, end) => {
    const tail = `${TRAILER.trailer}${end}x-amz-trailer-signature:${TRAILER.signature}\r\n\r\n`
    const decoded = decode([vectorStream(TRAILER.chunks, tail)], withTrailer)
    expect(decoded.trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' })
  })

  test('D11: the signature that the page had for years is refused', () => {
    const tail = `${TRAILER.trailer}\r\nx-amz-trailer-signature:${TRAILER.wrongSignature}\r\n\r\n`
    expect(() => decode([vectorStream(TRAILER.chunks, tail)], withTrailer)).toThrow(code('SignatureDoesNotMatch'))
  })

  test('three trailers', () => {
    const signatures = new ChunkSignatures(seedOf(CHUNKED.chunks[2]))
    expect(() => signatures.verifyTrailer(bytes(THREE_TRAILERS.canonical), THREE_TRAILERS.signature)).not.toThrow()
    const lines = THREE_TRAILERS.canonical.replaceAll('\n', '\r\n')
    const stream = vectorStream(CHUNKED.chunks, `${lines}x-amz-trailer-signature:${THREE_TRAILERS.signature}\r\n\r\n`)
    const trailerNames = new Set(['first', 'second', 'third'])
    const { trailers } = decode([stream], { seed: seedOf(CHUNKED.seed), decodedLength: 66_560, trailerNames })
    expect(trailers).toEqual({ first: '1st', second: '2nd', third: '3rd' })
  })
})

const SEED = '0'.repeat(64)
const signedCase = {
  name: 'signed',
  stream: bytes(signedStream(['hello', 'wor\r\n', 'ld'], ['x-a:1', 'x-b:2 3'], SEED)),
  options: { seed: seedOf(SEED), decodedLength: 12, trailerNames: new Set(['x-a', 'x-b']) },
}
const unsignedCase = {
  name: 'unsigned',
  stream: bytes('5\r\nhello\r\n05\r\nwor\r\n\r\n2\r\nld\r\n0\r\nx-a:1\r\nX-B: 2 3 \r\n\r\n'),
  options: { seed: null, decodedLength: 12, trailerNames: new Set(['x-a', 'x-b']) },
}
const expected = { data: 'hellowor\r\nld', trailers: { 'x-a': '1', 'x-b': '2 3' } }

describe.each([signedCase, unsignedCase])('$name chunks with trailers', ({ stream, options }) => {
  test('decode however they are split', () => {
    expect(decode([stream], options)).toEqual(expected)
    expect(
      decode(
        Array.from(stream, (byte) => Uint8Array.of(byte)),
        options,
      ),
    ).toEqual(expected)
    for (let at = 0; at <= stream.length; at++) expect(decode([stream.subarray(0, at), stream.subarray(at)], options)).toEqual(expected)
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 10 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length]
        const pieces = edges.slice(1).map((edge, index) => stream.subarray(edges[index], edge))
        expect(decode(pieces, options)).toEqual(expected)
      }),
    )
  })

  test('are refused when they end early, anywhere', () => {
    for (let length = 0; length < stream.length; length++) expect(() => decode([stream.subarray(0, length)], options)).toThrow()
  })

  test('are refused with anything behind them', () => {
    for (const extra of ['x', '\r', '\n', '\r\n', '0\r\n\r\n']) expect(() => decode([stream, bytes(extra)], options)).toThrow()
  })

  test('come out as views of what came in', () => {
    const [first] = new ChunkDecoder({
      ...options,
      hasTrailer: true,
      ...('seed' in options ? { seed: options.seed } : { seed: null }),
    }).decode(stream)
    expect(first?.buffer).toBe(stream.buffer)
  })
})

test('every changed byte of a signed stream is refused', () => {
  const { stream, options } = signedCase
  for (let index = 0; index < stream.length; index++) {
    for (const mask of [1, 0x80]) {
      const mutant = Buffer.from(stream)
      mutant[index] = (mutant[index] ?? 0) ^ mask
      expect(() => decode([mutant], options), `${index}`).toThrow()
      expect(
        () =>
          decode(
            Array.from(mutant, (byte) => Uint8Array.of(byte)),
            options,
          ),
        `${index}`,
      ).toThrow()
    }
  }
})

test('signed chunks cannot be left out, repeated or exchanged', () => {
  const stream = signedStream(['aaaa', 'aaaa', 'bbbb'], null, SEED)
  const frames = stream.split(/(?<=[ab]{4}\r\n)/)
  expect(frames).toHaveLength(4)
  const run = (order: readonly number[]): Decoded =>
    decode([bytes(order.map((index) => frames[index]).join(''))], {
      seed: seedOf(SEED),
      decodedLength: 4 * (order.length - 1),
      hasTrailer: false,
    })
  expect(run([0, 1, 2, 3]).data).toBe('aaaaaaaabbbb')
  for (const order of [[1, 0, 2, 3], [0, 2, 3], [0, 1, 3], [0, 0, 1, 2, 3], [3]])
    expect(() => run(order)).toThrow(code('SignatureDoesNotMatch'))
})

describe('limits and lengths', () => {
  const refuse = (text: string, expectedCode: string, changes: Partial<ChunkDecoderOptions> = {}): void => {
    expect(() => decode([bytes(text)], { decodedLength: 5, ...changes }), text.slice(0, 40)).toThrow(code(expectedCode))
  }

  test('the length must be the one that was said', () => {
    refuse('4\r\nhell\r\n0\r\n\r\n', 'IncompleteBody')
    refuse('6\r\nhello!\r\n0\r\n\r\n', 'IncompleteBody')
    refuse('5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', 'IncompleteBody')
    const decoder = new ChunkDecoder(options({ decodedLength: 5 }))
    // Before the bytes have come.
    expect(() => decoder.decode(bytes('6\r\n'))).toThrow(code('IncompleteBody'))
    refuse('5\r\nhello!\r\n', 'InvalidRequest')
    refuse('5\r\nhel', 'IncompleteBody')
    expect(decode([bytes('0\r\n\r\n')], { decodedLength: 0 })).toEqual({ data: '', trailers: {} })
  })

  test('sizes have one to eight digits, and a limit', () => {
    for (const size of ['', '-5', '+5', '0x5', ' 5', '5 ', '5.0', '000000005', 'g', '5;a=b', `5;chunk-signature=${SEED}`]) {
      refuse(`${size}\r\nhello\r\n0\r\n\r\n`, 'InvalidRequest')
    }
    refuse('5\nhello\r\n0\r\n\r\n', 'InvalidRequest')
    refuse('5\r\nhello\r\n0\r\n\r\n', 'InvalidRequest', { chunkSizeMax: 4 })
    refuse('5\r\nhello\r\n0\r\n\r\n', 'InvalidRequest', { seed: seedOf(SEED) })
  })

  test('lines and trailers have a longest length, however slowly they come', () => {
    const endless = new ChunkDecoder(options({ decodedLength: 5 }))
    expect(() => {
      for (let count = 0; count < 5000; count++) endless.decode(bytes('0'))
    }).toThrow(code('InvalidRequest'))
    refuse(`5\r\nhello\r\n0\r\nx-a:${'1'.repeat(20_000)}\r\n\r\n`, 'InvalidRequest', { trailerNames: new Set(['x-a']) })
    const many = Array.from({ length: 3000 }, (_, index) => `x${index}`)
    const lines = many.map((name) => `${name}:1\r\n`).join('')
    refuse(`5\r\nhello\r\n0\r\n${lines}\r\n`, 'MalformedTrailerError', { trailerNames: new Set(many) })
  })

  test('trailers are those that were announced, each once, with a signature where the chunks have one', () => {
    const trailerNames = new Set(['x-a'])
    const after = (lines: string): string => `5\r\nhello\r\n0\r\n${lines}`
    for (const lines of [
      '\r\n',
      'x-a:1\r\nx-a:1\r\n\r\n',
      'x-b:1\r\n\r\n',
      'x-a:1\r\nx-b:1\r\n\r\n',
      'x-a\r\n\r\n',
      ':1\r\n\r\n',
      'x-a:1\r2\r\n\r\n',
    ]) {
      refuse(after(lines), 'MalformedTrailerError', { trailerNames })
    }
    refuse(after(`x-a:1\r\nx-amz-trailer-signature:${SEED}\r\n\r\n`), 'MalformedTrailerError', { trailerNames })
    expect(decode([bytes(after('x-a:1\n\r\n\r\n'))], { decodedLength: 5, trailerNames }).trailers).toEqual({ 'x-a': '1' })
    expect(decode([bytes(after('x-a:1\n\r\n'))], { decodedLength: 5, trailerNames }).trailers).toEqual({ 'x-a': '1' })
    // The empty line that may follow, begun and not ended.
    refuse(after('x-a:1\n\r\n\r'), 'IncompleteBody', { trailerNames })
    refuse(after('x-a:1\n\r\nx'), 'IncompleteBody', { trailerNames })
    const signedTail = signedStream(['hello'], ['x-a:1'], SEED)
    const signature = /x-amz-trailer-signature:.*\r\n/
    const signed = { seed: seedOf(SEED), trailerNames }
    expect(decode([bytes(signedTail)], { ...signed, decodedLength: 5 }).trailers).toEqual({ 'x-a': '1' })
    refuse(`${signedTail.replace(signature, '')}\r\n`, 'MalformedTrailerError', signed)
    refuse(signedTail.replace(signature, 'x-amz-trailer-signature:\r\n'), 'SignatureDoesNotMatch', signed)
    refuse(
      signedTail.replace(signature, (line) => `${line}x-a:1\r\n`),
      'MalformedTrailerError',
      signed,
    )
  })
})
