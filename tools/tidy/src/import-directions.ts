import { allowedDependencies } from './allowed-dependencies.ts'
import { coreDirection } from './core-directions.ts'
import { gatewayDirection } from './gateway-directions.ts'
import { importsOf, packageOf, resolveRelative } from './imports.ts'
import type { Import } from './imports.ts'
import { describeDirection, mayImport } from './package-directions.ts'
import type { Check, RepoFile, Violation } from './repository.ts'

/** Files that may do what their package may not, each with its reason. */
const EXCEPTIONS: readonly { readonly path: RegExp; readonly specifier: string; readonly reason: string }[] = [
  { path: /^packages\/conformance\/src\/engine\//, specifier: '@stowage/core', reason: 'the engine suite opens engines' },
]

/** Law 8: imports point one way, between packages, inside core and inside the gateway. */
export const importDirections: Check = (files) => files.flatMap((file) => (packageOf(file.path) === null ? [] : checkFile(file)))

function checkFile(file: RepoFile): readonly Violation[] {
  return importsOf(file).flatMap((found) => {
    const message = found.specifier.startsWith('.') ? relative(file.path, found) : external(file.path, found)
    return message === null ? [] : [{ path: file.path, line: found.line, message }]
  })
}

function relative(path: string, found: Import): string | null {
  const target = resolveRelative(path, found.specifier)
  const root = path.split('/').slice(0, 3).join('/')
  if (!target.startsWith(`${root}/`)) return `imports ${found.specifier}: a relative import must stay in ${root}`
  if (/\.test(?:-d)?\.ts$/.test(target)) return `imports a test, ${found.specifier}`
  const [from, to] = [path.slice(root.length + 1), target.slice(root.length + 1)]
  if (root === 'packages/gateway/src') return gatewayDirection(from, to)
  return root === 'packages/core/src' ? coreDirection(from, to, found.typeOnly) : null
}

function external(path: string, found: Import): string | null {
  const { specifier, typeOnly } = found
  const packageName = packageOf(path) ?? ''
  if (specifier.startsWith('node:')) {
    return specifier.startsWith('node:test') ? `imports ${specifier}: library code must not need a test runner` : null
  }
  if (/^(?:@stowage\/|stowage(?:\/|$))/.test(specifier)) {
    if (mayImport(packageName, specifier, typeOnly)) return null
    if (EXCEPTIONS.some((exception) => exception.path.test(path) && exception.specifier === specifier)) return null
    return `imports ${typeOnly ? 'types of ' : ''}${specifier}: ${packageName} may import ${describeDirection(packageName)} of ours`
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (name in allowedDependencies(packageName)) return null
  return `imports ${specifier}: not a dependency that ${packageName} may have (tools/tidy/src/allowed-dependencies.ts), nor a "node:" built-in`
}
