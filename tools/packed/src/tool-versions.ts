/**
 * What the checks install into a temporary folder, exactly: it stays out of our lock file, because it is needed nowhere else.
 * Next and what it needs are in the `package.json` of `examples/next`.
 */
export const TOOL_VERSIONS: Readonly<Record<string, string>> = {
  '@arethetypeswrong/cli': '0.18.5',
  esbuild: '0.28.2',
  publint: '0.3.25',
  typescript6: 'npm:typescript@6.0.3',
}

/** The newest of each line: whoever installs Node gets that. */
export const NODE_MAJORS: readonly number[] = [22, 24, 26]
