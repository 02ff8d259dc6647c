import { describe, expect, test } from 'vitest'
import { childText, readXml, XML_SIZE_MAX } from './read.ts'

const read = (text: string, root = 'a'): ReturnType<typeof readXml> => readXml(Buffer.from(text), root)
const malformed = expect.objectContaining({ name: 'S3Error', code: 'MalformedXML', status: 400 })

describe('readXml', () => {
  test('reads elements and text, in any name space', () => {
    const root = read(
      '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- c --><s:a xmlns:s="urn:x"><s:b> k &amp; &#x20ac;&#13;\r\n</s:b><b2><![CDATA[<&]]></b2></s:a>',
    )
    expect(root).toEqual({
      name: 'a',
      text: '',
      children: [
        { name: 'b', text: ' k & €\r\n', children: [] },
        { name: 'b2', text: '<&', children: [] },
      ],
    })
  })

  test('finds the one child of a name', () => {
    const root = read('<a> <b>1</b>\n<c/><d>1</d><d>2</d><e><f/></e></a>')
    expect(childText(root, 'b')).toBe('1')
    expect(childText(root, 'c')).toBe('')
    expect(childText(root, 'x')).toBeUndefined()
    expect(() => childText(root, 'd')).toThrow(malformed)
    expect(() => childText(root, 'e')).toThrow(malformed)
  })

  test('takes __proto__ for a name like any other', () => {
    expect(read('<a><__proto__>x</__proto__></a>').children[0]?.name).toBe('__proto__')
  })

  test.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['no XML', 'hello'],
    ['JSON', '{"a":1}'],
    ['another root', '<b/>'],
    ['a truncated document', '<a><b>x'],
    ['mismatched tags', '<a><b></a></b>'],
    ['two roots', '<a/><a/>'],
    ['text behind the root', '<a/>x'],
    ['a raw control character', '<a>\u0001</a>'],
    ['a reference to NUL', '<a>&#0;</a>'],
    ['a reference to a control character', '<a>&#x1;</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['entities that multiply', '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ['a processing instruction', '<?xml-stylesheet href="x"?><a/>'],
    ['text beside elements', '<a>x<b/></a>'],
    ['an unbound prefix', '<s:a/>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>'],
  ])('refuses %s', (_, text) => {
    expect(() => read(text)).toThrow(malformed)
  })

  test('refuses bytes that are not UTF-8, and what is too deep or too large', () => {
    expect(() => readXml(Buffer.from('<a>\xff</a>', 'latin1'), 'a')).toThrow(malformed)
    expect(() => readXml(Buffer.from('<a/>', 'utf16le'), 'a')).toThrow(malformed)
    expect(() => read('<a>'.repeat(11) + '</a>'.repeat(11))).toThrow(malformed)
    expect(read('<a>'.repeat(10) + '</a>'.repeat(10)).name).toBe('a')
    expect(() => read('<a>'.repeat(1_000_000))).toThrow(malformed)
    const attributes = Array.from({ length: 1001 }, (_, index) => `b${index}=""`).join(' ')
    expect(() => read(`<a ${attributes}/>`)).toThrow(malformed)
    expect(() => readXml(Buffer.alloc(XML_SIZE_MAX + 1, 0x20), 'a')).toThrow(malformed)
  })

  test('reads 10,000 parts', () => {
    const part = '<Part><PartNumber>1</PartNumber><ETag>"x"</ETag></Part>'
    expect(read(`<a>${part.repeat(10_000)}</a>`).children).toHaveLength(10_000)
  })
})
