import { BlockList, isIP } from 'node:net'

/** Of IPv4: what is not routed on the internet (IANA's registry of special-purpose addresses, RFC 6890). */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
/** Of IPv6: inside 2000::/3, which is all that is routed. 2001::/23 has Teredo in it and 2002::/16 is 6to4: both lead to an IPv4 address. */
const NOT_PUBLIC_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const notPublic = new BlockList()
for (const network of NOT_PUBLIC_4) addNetwork(notPublic, network, 'ipv4')
for (const network of NOT_PUBLIC_6) addNetwork(notPublic, network, 'ipv6')
const routed6 = new BlockList()
addNetwork(routed6, '2000::/3', 'ipv6')

/** Whether an address is one of the internet: not of this machine, its network, or a cloud's metadata service. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !notPublic.check(address, 'ipv4')
  return version === 6 && routed6.check(address, 'ipv6') && !notPublic.check(address, 'ipv6')
}

function addNetwork(list: BlockList, network: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', bits = ''] = network.split('/')
  list.addSubnet(address, Number(bits), family)
}
