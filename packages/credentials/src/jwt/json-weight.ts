/** What V8 needs of each, about; measured with Node 24, rounded up. Bytes. */
const BYTES = { value: 16, text: 24, character: 2, container: 64, field: 80, element: 16 }

/** About how many bytes a value read from JSON takes in memory: of one that is full of small ones, twenty times its text. */
export function jsonWeight(root: unknown): number {
  let bytes = 0
  // A stack of our own: the value is as deep as its text is long.
  const stack = [root]
  while (stack.length > 0) {
    const value = stack.pop()
    if (typeof value === 'string') bytes += BYTES.text + BYTES.character * value.length
    else if (Array.isArray(value)) {
      bytes += BYTES.container + BYTES.element * value.length
      for (const each of value) stack.push(each)
    } else if (typeof value === 'object' && value !== null) {
      bytes += BYTES.container
      for (const [name, each] of Object.entries(value)) {
        bytes += BYTES.field + BYTES.character * name.length
        stack.push(each)
      }
    } else bytes += BYTES.value
  }
  return bytes
}
