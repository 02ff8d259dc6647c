/** A document without its code blocks, which may show what is nowhere here. Keeps the lines. */
export function withoutFences(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ''))
}
