import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPlainXml, XML_DEPTH_MAX, XML_ELEMENTS_MAX } from './read-plain.ts'
import { parseXml } from './read.ts'
import { S3_NAMESPACE } from './write.ts'

const PART = '<Part><PartNumber>1</PartNumber><ETag>&quot;x&quot;</ETag></Part>'
const complete = (inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<CompleteMultipartUpload xmlns="${S3_NAMESPACE}">${inner}</CompleteMultipartUpload>`

/** Pieces that make a document, and pieces that spoil one: most of what they are joined to is bad. */
const pieces = fc.constantFrom(
  '<A>',
  '</A>',
  '<B>',
  '</B>',
  '<A/>',
  '<A />',
  '</A >',
  '<a>',
  '</a>',
  '<A b="c">',
  '<A b=">">',
  '<x:A>',
  '</x:A>',
  '<',
  '>',
  '/',
  '</',
  '</>',
  `<A xmlns="${S3_NAMESPACE}">`,
  '<A xmlns="urn:x">',
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<?x?>',
  '<!-- c -->',
  '<![CDATA[<]]>',
  '<!DOCTYPE a>',
  'text',
  ' ',
  '\n',
  '\t',
  '\r\n',
  '"',
  '&quot;',
  '&amp;',
  '&amp;quot;',
  '&#34;',
  '&',
  '&quot',
  ']]>',
  '\u0001',
  '\u007f',
  'é',
  '😀',
  '\ufeff',
  '=',
)
const balanced = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('<A/>', '<B></B>', '<A>1</A>', '<Key>&quot;k &quot; \n</Key>', '<Key>k\tl</Key>'),
    fc.array(tie('node'), { maxLength: 4 }).map((inner) => `<A>\n ${inner.join(' ')}</A>`),
  ),
})).node
const documents = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')),
  fc.array(pieces, { maxLength: 5 }).map((all) => `<A>${all.join('')}</A>`),
  balanced,
  fc.tuple(balanced, pieces, fc.nat()).map(([text, piece, at]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + piece + text.slice(place)
  }),
)

describe('readPlainXml', () => {
  test('reads what clients write', () => {
    expect(readPlainXml(complete(PART))).toEqual(parseXml(complete(PART)))
    expect(readPlainXml(complete(`\n  ${PART}\n  <Part/>\n`))?.children).toHaveLength(2)
  })

  test('whatever it reads, the parser reads the same', () => {
    let read = 0
    fc.assert(
      fc.property(documents, (document) => {
        const plain = readPlainXml(document)
        if (plain === null) return
        read += 1
        expect(parseXml(document)).toEqual(plain)
      }),
      { numRuns: 5000 },
    )
    expect(read).toBeGreaterThan(500)
  })

  test.each([
    ['too deep', '<A>'.repeat(XML_DEPTH_MAX + 1) + '</A>'.repeat(XML_DEPTH_MAX + 1)],
    ['of too many elements', `<A>${'<B/>'.repeat(XML_ELEMENTS_MAX)}</A>`],
    ['not closed', '<A><B></B>'],
    ['of two roots', '<A/><A/>'],
    ['empty', ''],
    ['of text beside elements', '<A>x<B/></A>'],
    ['of another name space', '<A xmlns="urn:x"/>'],
    ['of a name space inside', `<A><B xmlns="${S3_NAMESPACE}"/></A>`],
  ])('leaves a document that is %s to the parser', (_, document) => {
    expect(readPlainXml(document)).toBeNull()
  })
})
