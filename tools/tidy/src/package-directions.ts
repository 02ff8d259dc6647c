/** What the library code of a package may import of ours; a name that ends in `/` stands for its subpaths. */
interface Direction {
  readonly mayImport: readonly string[]
  /** Importable where nothing of it is left at run time. */
  readonly typesOnly: readonly string[]
}

const EVERYTHING = ['@stowage/', 'stowage/']
/** `@stowage/core/system` makes the principal that skips policy: no door needs it. */
const CORE_TYPES = ['@stowage/core/backend', '@stowage/core/metadata', '@stowage/core/policy']
const DOOR: Direction = { mayImport: ['@stowage/core', '@stowage/http', '@stowage/credentials'], typesOnly: CORE_TYPES }
const BACKEND: Direction = { mayImport: ['@stowage/core/backend'], typesOnly: [] }
const NOTHING: Direction = { mayImport: [], typesOnly: [] }

/** Law 8, between packages. A package that is not named here may import nothing of ours. */
const DIRECTIONS: Readonly<Record<string, Direction>> = {
  http: NOTHING,
  core: NOTHING,
  'backend-fs': BACKEND,
  'backend-s3': BACKEND,
  'backend-gcs': BACKEND,
  's3-protocol': DOOR,
  'rest-protocol': DOOR,
  'tus-protocol': DOOR,
  credentials: { mayImport: ['@stowage/core'], typesOnly: CORE_TYPES },
  'policy-sql': { mayImport: ['@stowage/core/policy'], typesOnly: [] },
  conformance: { mayImport: ['@stowage/core/backend', '@stowage/core/metadata', '@stowage/core/policy'], typesOnly: ['@stowage/core'] },
  gateway: { mayImport: EVERYTHING, typesOnly: [] },
}

/** Says of a package name of ours whether the package may import it. */
export function mayImport(packageName: string, specifier: string, typeOnly: boolean): boolean {
  const { mayImport: values, typesOnly } = DIRECTIONS[packageName] ?? NOTHING
  return [...values, ...(typeOnly ? typesOnly : [])].some((name) => (name.endsWith('/') ? specifier.startsWith(name) : specifier === name))
}

/** What the package may import of ours, for a message. */
export function describeDirection(packageName: string): string {
  const { mayImport: values, typesOnly } = DIRECTIONS[packageName] ?? NOTHING
  const types = typesOnly.length === 0 ? '' : ` (and types of ${typesOnly.join(', ')})`
  return `${values.length === 0 ? 'nothing' : values.join(', ')}${types}`
}
