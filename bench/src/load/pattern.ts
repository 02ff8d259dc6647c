/** Bytes that do not compress and are the same in every process: what is uploaded, and what a download is held against. */
export function pattern(size: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = 0x2545f491
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words[index] = state ^ (state >>> 13)
  }
  return Buffer.from(words.buffer, 0, size)
}
