import { join } from 'node:path'

/** Longer names of sockets are cut off, or refused, by the systems that have them (`sun_path`). Bytes. */
const PATH_BYTES_MAX = 103

/** Where a data directory has its control socket. Throws where its name is too long for one. */
export function controlPath(directory: string): string {
  const path = join(directory, 'control.sock')
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path
  throw new Error(`The name of ${directory} is too long for a control socket, which may have ${PATH_BYTES_MAX} bytes.`)
}
