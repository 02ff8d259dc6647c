import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** A certificate, with the chain behind it, and its private key, both as PEM. */
export interface TlsPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Reads the files that `--tls-cert` and `--tls-key` name; null where neither is given. Throws with a sentence where they are no pair. */
export async function readTls(certFile: string | undefined, keyFile: string | undefined): Promise<TlsPair | null> {
  if (certFile === undefined && keyFile === undefined) return null
  if (certFile === undefined || keyFile === undefined) throw new Error('--tls-cert and --tls-key go together: give both, or neither.')
  const pair = { cert: await read('--tls-cert', certFile), key: await read('--tls-key', keyFile) }
  try {
    createSecureContext(pair)
  } catch (error) {
    throw new Error(`${certFile} and ${keyFile} are no certificate and its key: ${(error as Error).message}`, { cause: error })
  }
  return pair
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new Error(`The file of ${option} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
