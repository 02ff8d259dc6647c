/** The name that a Host header says: in lower case, without a port, and without the dot that a whole name may end with (RFC 1034 3.1). */
export function nameOfHost(host: string): string {
  return host.toLowerCase().replace(/\.?(?::[0-9]*)?$/, '')
}
