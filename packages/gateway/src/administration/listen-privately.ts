import type { Server } from 'node:net'

/** What is made under this mask is 0600 at most. */
const OTHERS_MAY_NOT = 0o177

/**
 * Listens on a socket in the file system that only its owner may connect to, from the first moment: Node binds it within this call, under a
 * mask of its own. Only on the main thread: the mask is that of the process.
 */
export function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const former = process.umask(OTHERS_MAY_NOT)
    try {
      // Not by way of the primary of a cluster, which would bind it later.
      server.listen({ path, exclusive: true }, resolve)
    } finally {
      process.umask(former)
    }
  })
}
