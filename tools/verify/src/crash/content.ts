import { createHash } from 'node:crypto'

/** Bytes that a label stands for: `size:seed`. The same label is always the same bytes. */
export function contentOf(label: string): Buffer {
  const size = Number(label.split(':')[0])
  const block = createHash('sha512').update(label).digest()
  const bytes = Buffer.alloc(size)
  for (let offset = 0; offset < size; offset += block.length) block.copy(bytes, offset)
  return bytes
}
