/** Reads a path to mount at: `/` and segments of unreserved characters. A slash at the end is taken off. Throws a `TypeError` for anything else. */
export function readMount(path: string): string {
  const mount = path.replace(/\/+$/, '')
  if (mount === '' || /^(?:\/[A-Za-z0-9\-._~]+)+$/.test(mount)) return mount
  throw new TypeError(`'${path}' is no path to mount at: it is like /storage/v1/s3.`)
}

/** Whether a request target lies at a mount, or below it. */
export function isUnder(mount: string, target: string): boolean {
  if (!target.startsWith(mount)) return false
  const next = target.charAt(mount.length)
  return mount === '' || next === '' || next === '/' || next === '?'
}
