import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { S3Error } from '../../src/s3-error.ts'
import { percentEncode } from '../../src/sigv4/canonical-request.ts'
import { element } from '../../src/xml/element.ts'
import type { XmlElement } from '../../src/xml/element.ts'
import { parseXml, readXml } from '../../src/xml/read.ts'
import type { XmlNode } from '../../src/xml/read.ts'
import { S3_NAMESPACE, writeXml, writeXmlBuilt } from '../../src/xml/write.ts'
import { writeXmlRows } from '../../src/xml/xml-rows.ts'
import { isXmlText } from '../../src/xml/xml-text.ts'
import type { Answer } from '../client.ts'
import { BUCKET, openDoor } from '../door.ts'
import type { Door } from '../door.ts'
import { mutate, mutations } from './mutate.ts'
import { runs, SEED_HINT, TIMEOUT_MS } from './settings.ts'

const WORDS = [
  '<', '>', '/', '</', '/>', '<A>', '</A>', '<!--', '-->', '<![CDATA[', ']]>', '<!DOCTYPE a>', '<!ENTITY b "c">', '<?x?>', '&', '&amp;', '&#0;', '&#1;',
  '&#xD800;', '&#x110000;', '&lt;', '&b;', 'xmlns=""', 'xmlns:x="u"', 'x:', ' a="b"', '"', "'", '\0', '\u0001', '\r', '\r\n', '\u00ff', '\u00ef\u00bb\u00bf', 'Key', '1.1', 'UTF-16',
] // prettier-ignore

const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('1', '0', '-1', '10001', 'true', '"etag"', 'null', 'AAAAAA==', '&<>', ' \n'),
)
const named = (name: string): fc.Arbitrary<XmlElement> => value.map((text) => element(name, text))
const oneOf = (...names: readonly string[]): fc.Arbitrary<readonly XmlElement[]> =>
  fc.array(fc.oneof(...names.map(named)), { maxLength: 4 })
const rows = (name: string, row: fc.Arbitrary<readonly XmlElement[]>): fc.Arbitrary<readonly XmlElement[]> =>
  fc.array(
    row.map((fields) => element(name, fields)),
    { maxLength: 4 },
  )
const documents = fc.oneof(
  fc
    .tuple(rows('Object', oneOf('Key', 'VersionId', 'ETag', 'Size')), oneOf('Quiet'))
    .map(([objects, quiet]) => element('Delete', [...objects, ...quiet])),
  rows('Part', oneOf('PartNumber', 'ETag', 'ChecksumCRC32', 'ChecksumSHA256')).map((parts) => element('CompleteMultipartUpload', parts)),
  oneOf('LocationConstraint', 'Location', 'Bucket').map((fields) => element('CreateBucketConfiguration', fields)),
)

/** Null where it is refused as it must be. Anything else that is thrown comes out. */
function read(document: Uint8Array, root: string): XmlNode | null {
  try {
    return readXml(document, root)
  } catch (error) {
    if (error instanceof S3Error && error.code === 'MalformedXML') return null
    throw error
  }
}

/** What a reader sees of a tree: blanks between elements are none of it. */
function meant({ children, name, text }: XmlNode): XmlNode {
  return { name, text: children.length === 0 ? text : '', children: children.map(meant) }
}

function asElement({ children, name, text }: XmlNode): XmlElement {
  return element(name, children.length === 0 ? text : children.map(asElement))
}

function depth({ children }: XmlNode): number {
  return 1 + Math.max(0, ...children.map(depth))
}

function hasOnlyXmlText({ children, text }: XmlNode): boolean {
  return isXmlText(text) && children.every(hasOnlyXmlText)
}

/** An XML 1.1 reader takes the references to control characters that readers of 1.0 choke on. */
function readAs11(document: string): XmlNode {
  return parseXml(document.replace('version="1.0"', 'version="1.1"'))
}

describe(`documents (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  test('are read, or refused as malformed; what is read can be written and read again', () => {
    let accepted = 0
    fc.assert(
      fc.property(documents, fc.option(mutations(WORDS), { freq: 10 }), (root, changes) => {
        const document = Buffer.from(writeXml(root))
        const changed = changes === null ? document : mutate(document, changes)
        const tree = read(changed, root.name)
        if (changes === null && isXmlText(changed.toString())) expect(tree).not.toBeNull()
        if (tree === null) return
        accepted += 1
        expect(depth(tree)).toBeLessThanOrEqual(10)
        if (hasOnlyXmlText(tree))
          expect(meant(readXml(Buffer.from(writeXmlRows(asElement(meant(tree)), null)), tree.name))).toEqual(meant(tree))
      }),
      runs(10_000),
    )
    expect(accepted).toBeGreaterThan(500)
  })

  test('of random bytes and words are read or refused', () => {
    const piece = fc.oneof(
      fc
        .constantFrom(...WORDS, '<Delete>', '</Delete>', '<Object>', '</Object>', '<Key>', '</Key>')
        .map((word) => Buffer.from(word, 'latin1')),
      fc.uint8Array({ maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), fc.boolean(), (pieces, hasRoot) => {
        const inner = Buffer.concat(pieces)
        read(hasRoot ? Buffer.from(`<Delete>${inner.toString('latin1')}</Delete>`) : inner, 'Delete')
      }),
      runs(10_000),
    )
  })

  test('hold control characters and astral ones, for readers of XML 1.1', () => {
    // Line ends of XML 1.1 that 1.0 does not know, and C1 controls, which it wants as references, are left to the test beside the writer.
    const text = fc.string({
      unit: fc.oneof(
        fc.integer({ min: 1, max: 0x7e }).map((code) => String.fromCharCode(code)),
        fc.constantFrom('😀', '𐀀', '\u{10ffff}', 'é', '\ufffd'),
      ),
      maxLength: 12,
    })
    const tree = fc.array(fc.tuple(fc.constantFrom('Key', 'Prefix', 'DisplayName'), text), { maxLength: 5 })
    fc.assert(
      fc.property(tree, (fields) => {
        const root = element(
          'Root',
          fields.map(([name, text]) => element(name, text)),
        )
        const expected: XmlNode = { name: 'Root', text: '', children: fields.map(([name, text]) => ({ name, text, children: [] })) }
        expect(readAs11(writeXmlRows(root, S3_NAMESPACE))).toEqual(expected)
        expect(readAs11(writeXmlBuilt(root, S3_NAMESPACE))).toEqual(expected)
      }),
      runs(2_000),
    )
  })
})

describe(`answers (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  let door: Door
  beforeAll(async () => {
    door = await openDoor()
  })
  afterAll(() => door.close())

  /** The texts of all elements of a name. */
  function texts(answer: Answer, name: string): string[] {
    const found: string[] = []
    const visit = (node: XmlNode): void => {
      if (node.name === name) found.push(node.text)
      node.children.forEach(visit)
    }
    visit(readAs11(answer.text))
    return found
  }

  const character = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Array.from('a<>&"\' ;#%+/\\\r\n\t'), '&lt;', '&#13;', ']]>', '..') },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 0x7e }).map((code) => String.fromCharCode(code)) },
    { weight: 1, arbitrary: fc.constantFrom('😀', '𐀀', 'é', '\ufffd', '日') },
  )
  const key = fc.array(character, { minLength: 1, maxLength: 10 }).map((all) => all.join(''))

  test('give every key back as it is, in each document that names it', async () => {
    const { ann } = door
    await fc.assert(
      fc.asyncProperty(key, async (key) => {
        const path = `/${BUCKET}/${key.split('/').map(percentEncode).join('/')}`
        const ask = async (method: string, target: string, body?: string): Promise<Answer> => {
          const answer = await ann.send(method, target, body === undefined ? {} : { body })
          expect([target, [200, 204, 404].includes(answer.status)]).toEqual([target, true])
          return answer
        }
        await ask('PUT', path, 'x')
        const prefix = percentEncode(key)
        const delimiter = Array.from(key).at(-1) ?? ''
        for (const listing of [`?prefix=${prefix}`, `?list-type=2&prefix=${prefix}`, `?versions&prefix=${prefix}`]) {
          const listed = await ask('GET', `/${BUCKET}${listing}`)
          expect([texts(listed, 'Key')[0], texts(listed, 'Prefix')[0]]).toEqual([key, key])
          const encoded = await ask('GET', `/${BUCKET}${listing}&encoding-type=url`)
          expect(decodeURIComponent((texts(encoded, 'Key')[0] ?? '').replaceAll('+', ' '))).toBe(key)
          const folded = await ask('GET', `/${BUCKET}${listing}&delimiter=${percentEncode(delimiter)}`)
          expect(texts(folded, 'Delimiter')).toEqual([delimiter])
        }
        expect(texts(await ask('GET', `/${BUCKET}?marker=${prefix}`), 'Marker')).toEqual([key])
        expect(texts(await ask('GET', `/${BUCKET}?list-type=2&start-after=${prefix}`), 'StartAfter')).toEqual([key])
        const begun = await ask('POST', `${path}?uploads`)
        expect(texts(begun, 'Key')).toEqual([key])
        const upload = `uploadId=${texts(begun, 'UploadId')[0]}`
        expect(texts(await ask('GET', `/${BUCKET}?uploads&prefix=${prefix}`), 'Key')).toEqual([key])
        expect(texts(await ask('GET', `${path}?${upload}`), 'Key')).toEqual([key])
        const etag = (await ask('PUT', `${path}?partNumber=1&${upload}`, 'part')).header('etag') ?? ''
        const part = element('Part', [element('PartNumber', 1), element('ETag', etag)])
        const done = await ask('POST', `${path}?${upload}`, writeXml(element('CompleteMultipartUpload', [part])))
        expect(texts(done, 'Key')).toEqual([key])
        const remove = writeXml(element('Delete', [element('Object', [element('Key', key)])])).replace('version="1.0"', 'version="1.1"')
        expect(texts(await ask('POST', `/${BUCKET}?delete`, remove), 'Key')).toEqual([key])
        const gone = await ask('GET', path)
        expect([texts(gone, 'Code'), texts(gone, 'Key')]).toEqual([['NoSuchKey'], [key]])
      }),
      runs(40),
    )
    expect(door.faults).toEqual([])
  })
})
