import { createCipheriv, createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const BLOCK_BYTES = 1024 ** 2

/** Bytes that a name stands for. No two pieces of them are alike: parts in the wrong order do not pass for the right ones. */
export function bytesOf(name: string, size: number): Buffer {
  return keystream(name).update(Buffer.alloc(size))
}

/** Writes a file of such bytes without having them all in memory. */
export async function writeBytes(file: string, name: string, size: number): Promise<void> {
  const stream = keystream(name)
  const handle = await open(file, 'w')
  try {
    for (let at = 0; at < size; at += BLOCK_BYTES) await handle.writeFile(stream.update(Buffer.alloc(Math.min(BLOCK_BYTES, size - at))))
  } finally {
    await handle.close()
  }
}

/** SHA-256 of what a stream gives, or of a file by its name. */
export async function sha256Of(source: string | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(typeof source === 'string' ? createReadStream(source) : source, hash)
  return hash.digest('hex')
}

/** The ETag that S3 gives an upload in parts of this size: the MD5 of the MD5s, and how many they were. */
export async function multipartETag(file: string, partSize: number): Promise<string> {
  const handle = await open(file)
  const all = createHash('md5')
  try {
    const part = Buffer.alloc(partSize)
    for (let parts = 0; ; parts += 1) {
      const { bytesRead } = await handle.read(part, 0, partSize, parts * partSize)
      if (bytesRead === 0) return `"${all.digest('hex')}-${parts}"`
      all.update(createHash('md5').update(part.subarray(0, bytesRead)).digest())
    }
  } finally {
    await handle.close()
  }
}

function keystream(name: string): ReturnType<typeof createCipheriv> {
  return createCipheriv('aes-128-ctr', createHash('md5').update(name).digest(), Buffer.alloc(16))
}
