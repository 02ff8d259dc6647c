import { isIPv4, isIPv6 } from 'node:net'

/** A block of IP addresses. Two of them are nested or have nothing in common. */
export interface IpRange {
  readonly family: 4 | 6
  /** The lowest address of the block, as a number of `WIDTH[family]` bits. */
  readonly first: bigint
  /** How many leading bits all its addresses share. */
  readonly bits: number
}

const WIDTH = { 4: 32, 6: 128 } as const
/** `::ffff:0:0/96`, the addresses of IPv4 as IPv6 sockets report them (RFC 4291 section 2.5.5.2). */
const MAPPED_BITS = 96
const MAPPED = 0xffffn
/** Longer is no address with a length. */
const TEXT_LENGTH_MAX = 64

/** Reads `192.0.2.0/24`, `2001:db8::/32` or one address; null for anything else. Bits behind the length are dropped. */
export function readIpRange(text: string): IpRange | null {
  const slash = text.indexOf('/')
  const address = readAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return null
  const lengthText = slash < 0 ? String(WIDTH[address.family]) : text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(lengthText)) return null
  return rangeOf(address.family, address.value, Number(lengthText))
}

/**
 * Reads the address of a peer as a range of one; null for anything else. The zone of a link-local address is dropped.
 *
 * An IPv4 address that came over an IPv6 socket is that IPv4 address, and in no range of IPv6, not even `::/0`.
 */
export function readIpAddress(text: string): IpRange | null {
  const zone = text.indexOf('%')
  const address = readAddress(zone < 0 ? text : text.slice(0, zone))
  return address === null ? null : rangeOf(address.family, address.value, WIDTH[address.family])
}

/** Whether every address of `inner` is in `outer`. */
export function containsRange(outer: IpRange, inner: IpRange): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false
  const shift = BigInt(WIDTH[outer.family] - outer.bits)
  return outer.first >> shift === inner.first >> shift
}

function rangeOf(family: 4 | 6, value: bigint, bits: number): IpRange | null {
  const width = WIDTH[family]
  if (bits > width) return null
  if (family === 6 && bits >= MAPPED_BITS && value >> 32n === MAPPED) return rangeOf(4, value & 0xffffffffn, bits - MAPPED_BITS)
  const shift = BigInt(width - bits)
  return { family, first: (value >> shift) << shift, bits }
}

function readAddress(text: string): { readonly family: 4 | 6; readonly value: bigint } | null {
  if (text.length > TEXT_LENGTH_MAX || text.includes('%')) return null
  if (isIPv4(text)) return { family: 4, value: valueOf(text.split('.').map(Number), 8n) }
  if (isIPv6(text)) return { family: 6, value: valueOf(ipv6Groups(text), 16n) }
  return null
}

/** The eight groups of an address that `isIPv6` has found well-formed. */
function ipv6Groups(text: string): readonly number[] {
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  if (tail === undefined) return left
  const right = groupsOf(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

function groupsOf(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function valueOf(groups: readonly number[], bitsPerGroup: bigint): bigint {
  return groups.reduce((value, group) => (value << bitsPerGroup) | BigInt(group), 0n)
}
