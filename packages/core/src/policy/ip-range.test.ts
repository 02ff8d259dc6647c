import { BlockList } from 'node:net'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { containsRange, readIpAddress, readIpRange } from './ip-range.ts'

function isIn(range: string, address: string): boolean | null {
  const [outer, inner] = [readIpRange(range), readIpAddress(address)]
  return outer === null || inner === null ? null : containsRange(outer, inner)
}

const octets = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 })
const ipv4 = octets.map((each) => each.join('.'))
const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
const ipv6 = groups.map((each) => each.map((group) => group.toString(16)).join(':'))

describe('ranges of addresses', () => {
  test('hold what the BlockList of Node says they hold', () => {
    const families = fc.constantFrom(
      { family: 'ipv4' as const, address: ipv4, width: 32 },
      { family: 'ipv6' as const, address: ipv6, width: 128 },
    )
    const cases = families.chain(({ family, address, width }) =>
      fc.record({ family: fc.constant(family), network: address, other: address, bits: fc.nat(width), sharing: fc.nat(width) }),
    )
    fc.assert(
      fc.property(cases, ({ family, network, other, bits, sharing }) => {
        // A random address is almost never near: let it begin as the network does.
        const near = mixed(family, { network, other, sharing })
        fc.pre(!near.startsWith('0:0:0:0:0:ffff:') && !network.startsWith('0:0:0:0:0:ffff:'))
        const list = new BlockList()
        list.addSubnet(network, bits, family)
        expect(isIn(`${network}/${bits}`, near)).toBe(list.check(near, family))
      }),
      { numRuns: 500 },
    )
  })

  test('take an IPv4 address that came over IPv6 for that address', () => {
    for (const mapped of ['::ffff:192.0.2.7', '::ffff:c000:207', '0:0:0:0:0:ffff:192.0.2.7', '::FFFF:192.0.2.7']) {
      expect(isIn('192.0.2.0/24', mapped)).toBe(true)
      expect(isIn('192.0.3.0/24', mapped)).toBe(false)
      expect(isIn('::ffff:192.0.2.0/120', mapped)).toBe(true)
      expect(isIn('::/0', mapped)).toBe(false)
      expect(isIn('::ffff:0:0/95', mapped)).toBe(false)
    }
    expect(isIn('::ffff:192.0.2.0/120', '192.0.2.200')).toBe(true)
    expect(isIn('::ffff:0:0/96', '203.0.113.1')).toBe(true)
    expect(isIn('0.0.0.0/0', '2001:db8::1')).toBe(false)
    // The same bits without the mark of a mapped address are another address.
    expect(isIn('192.0.2.0/24', '::192.0.2.7')).toBe(false)
  })

  test('know every spelling of an address', () => {
    for (const address of ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:db8::0.0.0.1', '2001:db8::1%eth0']) {
      expect(isIn('2001:db8::1', address)).toBe(true)
      expect(isIn('2001:db8::2', address)).toBe(false)
    }
    expect([isIn('::', '::'), isIn('::1', '::1'), isIn('fe80::', 'fe80:0:0:0::'), isIn('10.1.2.3/8', '10.9.9.9')]).toEqual([
      true,
      true,
      true,
      true,
    ])
  })

  test('are nothing where they are not well-formed', () => {
    const texts = [
      '',
      '/',
      '10.0.0.0/',
      '/8',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0/8',
      '010.0.0.0/8',
    ]
    for (const text of [
      ...texts,
      ' 10.0.0.0/8',
      '10.0.0.0/8 ',
      '10.0.0.0/8.0',
      'fe80::1%eth0/64',
      'any',
      '*',
      '::g/8',
      '1::2::3',
      '٣.0.0.1',
    ]) {
      expect(readIpRange(text)).toBeNull()
    }
    for (const text of ['', '10.0.0.0/8', 'localhost', '10.0.0.1:80', '[::1]', '%eth0', '1.2.3.4.5', '::'.repeat(1000)]) {
      expect(readIpAddress(text)).toBeNull()
    }
  })
})

function mixed(
  family: 'ipv4' | 'ipv6',
  { network, other, sharing }: { readonly network: string; readonly other: string; readonly sharing: number },
): string {
  const [separator, radix, size] = family === 'ipv4' ? (['.', 10, 8] as const) : ([':', 16, 16] as const)
  const bitsOf = (text: string): string =>
    text
      .split(separator)
      .map((part) => Number.parseInt(part, radix).toString(2).padStart(size, '0'))
      .join('')
  const bits = bitsOf(network).slice(0, sharing) + bitsOf(other).slice(sharing)
  const parts = bits.match(new RegExp(`.{${size}}`, 'g')) ?? []
  return parts.map((part) => Number.parseInt(part, 2).toString(radix)).join(separator)
}
