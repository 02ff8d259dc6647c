/** What a folder of core may import: of which folders everything, of which only types. Itself is always allowed. */
interface Layer {
  readonly values: readonly string[]
  readonly types: readonly string[]
}

const BASE = ['model', 'errors', 'util']

/**
 * Law 8, inside core: `model ← errors ← {backend, metadata, policy} ← access ← engine ← index`. The empty name stands for the
 * files at the root. `errors` and `util` are for everybody; a model's parse function throws a `StorageError`.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  util: { values: ['errors'], types: [] },
  errors: { values: ['util'], types: ['model'] },
  model: { values: ['errors', 'util'], types: [] },
  // What is summed up is a body: the contract's word for bytes on their way.
  checksums: { values: BASE, types: ['backend'] },
  backend: { values: BASE, types: ['metadata', 'policy'] },
  metadata: { values: [...BASE, 'checksums'], types: ['backend', 'policy'] },
  policy: { values: BASE, types: ['backend', 'metadata'] },
  // What the store keeps of policies, and the policy that is made of it.
  access: { values: [...BASE, 'metadata', 'policy'], types: [] },
  engine: { values: [...BASE, 'checksums', 'backend', 'metadata', 'policy', 'access'], types: [] },
  '': { values: [...BASE, 'checksums', 'backend', 'metadata', 'policy', 'access', 'engine'], types: [] },
}

/** Imports that the layers forbid and that are right all the same. Paths from `packages/core/src/`. */
const EXCEPTIONS: readonly { readonly from: RegExp; readonly to: RegExp; readonly reason: string }[] = [
  {
    from: /^metadata\//,
    to: /^policy\/(?:evaluate-|fold-|predicate)[\w-]*\.ts$|^policy\/predicate\//,
    reason: 'predicates are evaluated by the store, in its transaction',
  },
  {
    from: /^(?:model|metadata)\//,
    to: /^backend\/blob-key\.ts$/,
    reason: 'the name of a blob is a word of the model; it lies with the backend contract, for whom it is public',
  },
  {
    from: /^backend\/(?:index|copy-blobs)\.ts$/,
    to: /^checksums\/(?:crc32c|combine-crc)\.ts$/,
    reason: 'a backend holds the CRC-32C of its store against the bytes that went by; this door is all that it sees of core',
  },
]

/** Implementations behind a contract: who else imports them binds the engine to one of them. */
const PRIVATE: readonly { readonly to: RegExp; readonly from: RegExp; readonly message: string }[] = [
  {
    to: /^metadata\/(?:sql|sqlite|postgres)\//,
    from: /^metadata\/(?:sql|sqlite|postgres)\//,
    message: 'the engine and the contracts know no database: import the contract in metadata/',
  },
  { to: /^metadata\/sqlite\//, from: /^metadata\/sqlite\//, message: 'what both databases share lives in metadata/sql/' },
  { to: /^metadata\/postgres\//, from: /^metadata\/postgres\//, message: 'what both databases share lives in metadata/sql/' },
]

/** Why a file of core may not import another, or null if it may. Paths from `packages/core/src/`. */
export function coreDirection(from: string, to: string, typeOnly: boolean): string | null {
  for (const rule of PRIVATE) {
    if (rule.to.test(to) && !rule.from.test(from)) return `imports ${to}: ${rule.message}`
  }
  const [fromFolder, toFolder] = [folderOf(from), folderOf(to)]
  if (fromFolder === toFolder || EXCEPTIONS.some((exception) => exception.from.test(from) && exception.to.test(to))) return null
  const layer = LAYERS[fromFolder]
  if (layer === undefined) return `lies in ${fromFolder}/, which tools/tidy/src/core-directions.ts does not know`
  if (layer.values.includes(toFolder) || (typeOnly && layer.types.includes(toFolder))) return null
  const types = layer.types.length === 0 ? '' : `, and types of ${layer.types.join(', ')}`
  return `imports ${to}: ${fromFolder}/ may import ${layer.values.join(', ')}${types}`
}

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : ''
}
