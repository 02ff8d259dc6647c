/** What a program said, on one line, with nothing in it that is true of one machine only: of paths the last name stays. */
export function withoutPaths(text: string): string {
  const line = text.split('\n')[0] ?? ''
  return line
    .replaceAll(/https?:\/\/(?!127\.0\.0\.1|localhost)[^\s"'<>]+/g, '…')
    .replaceAll(/(?<![\w.:/])(?:\/[\w.@+~-]+)+(\/[\w.@+~-]+)/g, '…$1')
    .slice(0, 300)
}
