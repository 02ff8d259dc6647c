/**
 * The file that lies at `path` from the module with this URL, as built where that module is: TypeScript does not rewrite
 * extensions in strings. `path` ends with `.ts`.
 */
export function siblingOf(moduleUrl: string, path: string): URL {
  return new URL(moduleUrl.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js'), moduleUrl)
}
