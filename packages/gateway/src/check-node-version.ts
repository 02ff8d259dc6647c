const REQUIRED = [22, 12] as const

/** Says what is wrong with this version of Node, in a sentence, or null where it will do. */
export function checkNodeVersion(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > REQUIRED[0] || (major === REQUIRED[0] && minor >= REQUIRED[1])) return null
  return `Node ${REQUIRED.join('.')} or newer is needed, and this is Node ${version}. Install a current Node, or run: npx -p node@24 -p stowage stowage`
}
