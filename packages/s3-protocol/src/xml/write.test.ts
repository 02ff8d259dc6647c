import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { element } from './element.ts'
import type { XmlElement } from './element.ts'
import { readXml } from './read.ts'
import type { XmlNode } from './read.ts'
import { S3_NAMESPACE, writeXml, writeXmlBuilt } from './write.ts'
import { writeXmlRows } from './xml-rows.ts'
import { isXmlText } from './xml-text.ts'

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter(isXmlText),
  fc.string({
    unit: fc.constantFrom(...Array.from('&<>"\'\r\n\t ;#'), 'amp;', '&lt;', '&#13;', '&#xd;', ']]>', '<!--', '\u0085', '\u2028', '😀'),
    maxLength: 12,
  }),
)
const names = fc.constantFrom('Key', 'Prefix', 'Owner', 'ID')
const leaf = fc.tuple(names, hostile).map(([name, text]) => element(name, text))
const branch = fc.tuple(names, fc.array(leaf, { maxLength: 4 })).map(([name, children]) => element(name, children))
const root = fc.array(fc.oneof(leaf, branch), { maxLength: 6 }).map((children) => element('Root', children))

/** What a reader makes of an element: text, or elements; an element without either has empty text. */
function asRead({ name, content }: XmlElement): XmlNode {
  return typeof content === 'string' ? { name, text: content, children: [] } : { name, text: '', children: content.map(asRead) }
}

describe('writeXml', () => {
  test('what is written is what is read, by both writers, byte for byte the same', () => {
    fc.assert(
      fc.property(root, (root) => {
        const built = writeXmlBuilt(root, S3_NAMESPACE)
        expect(writeXmlRows(root, S3_NAMESPACE)).toBe(built)
        expect(readXml(Buffer.from(built), 'Root')).toEqual(asRead(root))
        expect(writeXmlRows(root, null)).toBe(writeXmlBuilt(root, null))
      }),
      { numRuns: 1000 },
    )
  })

  test('a long document is the same as a short one', () => {
    const long = element(
      'ListBucketResult',
      Array.from({ length: 1000 }, (_, index) =>
        element('Contents', [element('Key', `a&lt;${index}\r`), element('Size', index), element('Empty', [])]),
      ),
    )
    expect(writeXml(long)).toBe(writeXmlBuilt(long, S3_NAMESPACE))
  })

  test('attributes, by both writers', () => {
    const attributes = [
      ['xmlns:xsi', 'http://www.w3.org/2001/XMLSchema-instance'],
      ['xsi:type', 'CanonicalUser'],
    ] as const
    const tree = element('A', [{ ...element('Grantee', [element('ID', 'x')]), attributes }])
    const written =
      `<?xml version="1.0" encoding="UTF-8"?><A xmlns="${S3_NAMESPACE}"><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
      'xsi:type="CanonicalUser"><ID>x</ID></Grantee></A>'
    expect(writeXmlBuilt(tree, S3_NAMESPACE)).toBe(written)
    expect(writeXmlRows(tree, S3_NAMESPACE)).toBe(written)
  })

  test('has the declaration and the name space of S3; errors have none', () => {
    expect(writeXml(element('A', [element('B', true)]))).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><A xmlns="${S3_NAMESPACE}"><B>true</B></A>`,
    )
    expect(writeXml(element('Error', [element('Code', 'X')]))).toBe('<?xml version="1.0" encoding="UTF-8"?><Error><Code>X</Code></Error>')
    expect(writeXml(element('A', ''), { namespace: null })).toBe('<?xml version="1.0" encoding="UTF-8"?><A/>')
  })

  test.each([
    ['\u0001', '&#1;'],
    ['a\u000b\u001fb', 'a&#11;&#31;b'],
    ['\ufffe\uffff', '&#65534;&#65535;'],
    ['\t\n\u007f\u0085', '\t\n\u007f\u0085'],
    ['&#1;\u0001', '&amp;#1;&#1;'],
    ['\0', '\ufffd'],
    ['\ud800', '\ufffd'],
    ['a\udc00b', 'a\ufffdb'],
    ['\udc00\ud800', '\ufffd\ufffd'],
    ['\ud83d\ude00', '\ud83d\ude00'],
  ])('writes %j as %j, in both writers: one such key does not spoil a listing', (text, written) => {
    const root = element('A', [element('B', text)])
    const document = `<?xml version="1.0" encoding="UTF-8"?><A><B>${written}</B></A>`
    expect(writeXmlBuilt(root, null)).toBe(document)
    expect(writeXmlRows(root, null)).toBe(document)
  })
})
