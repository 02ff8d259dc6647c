import { mayImport } from './package-directions.ts'
import type { Check, RepoFile, Violation } from './repository.ts'

/** The name of an npm package, and why we have it. */
type Dependencies = Readonly<Record<string, string>>

/**
 * What the published packages may depend on at run time, from npm. A new one needs an ADR in docs/decisions/ with its
 * size, what comes with it, and what we would write instead.
 */
const TABLE: Readonly<Record<string, Dependencies>> = {
  http: {},
  core: {
    'better-sqlite3': 'the embedded metadata store',
    pg: 'the Postgres metadata store; an optional peer',
    'sql-template-tag': 'one template, SQL for both databases',
    '@node-rs/crc32': 'CRC32C of every byte that comes in, by the processor',
    'hash-wasm': 'hashes whose state can be stored and resumed',
    'lru-cache': 'caches bounded by bytes',
    'p-limit': 'bounded concurrency',
  },
  'backend-fs': { 'p-limit': 'bounded concurrency' },
  'backend-s3': {
    '@aws-sdk/client-s3': 'the vendor client',
    '@aws-sdk/s3-request-presigner': 'the vendor client, for URLs',
    'p-limit': 'bounded concurrency',
  },
  'backend-gcs': { '@google-cloud/storage': 'the vendor client', 'p-limit': 'bounded concurrency' },
  's3-protocol': {
    saxes: 'reads XML: strict, streaming',
    xmlbuilder2: 'writes XML, behind one helper that escapes first',
  },
  conformance: {},
  credentials: { jose: 'JWT and JWKS' },
  'policy-sql': { 'libpg-query': "Postgres' own parser" },
  gateway: {
    commander: 'sub-commands, help, errors',
    pg: 'the Postgres client of serve --metadata',
    pino: 'logs of the server',
    yaml: 'the cases of `policies test`',
    '@clack/prompts': 'questions of `init`',
  },
}

/** The npm packages that a package of ours may depend on at run time. */
export function allowedDependencies(packageName: string): Dependencies {
  return TABLE[packageName] ?? {}
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Law 8, in package.json: dependencies are those of the table, each has its line in an ADR, and those of ours follow the directions of imports. */
export const dependenciesAreAllowed: Check = (files) => {
  const decisions = files.filter((file) => /^docs\/decisions\/.*\.md$/.test(file.path)).map((file) => file.text)
  return files.flatMap((file) => {
    const packageName = /^packages\/([^/]+)\/package\.json$/.exec(file.path)?.[1]
    return packageName === undefined ? [] : checkManifest(file, packageName, decisions.join('\n'))
  })
}

function checkManifest(file: RepoFile, packageName: string, decisions: string): readonly Violation[] {
  const manifest = JSON.parse(file.text) as Manifest
  const names = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies].flatMap((group) =>
    Object.keys(group ?? {}),
  )
  return names.flatMap((name) => {
    const message = fault(packageName, name, decisions)
    const line = file.text.slice(0, file.text.indexOf(`"${name}"`)).split('\n').length
    return message === null ? [] : [{ path: file.path, line, message }]
  })
}

function fault(packageName: string, name: string, decisions: string): string | null {
  if (name.startsWith('@stowage/') || name === 'stowage') {
    const subpaths = [name, `${name}/backend`, `${name}/metadata`, `${name}/policy`]
    return subpaths.some((specifier) => mayImport(packageName, specifier, true)) ? null : `depends on ${name}, which it may not import`
  }
  if (!(name in allowedDependencies(packageName))) return `depends on ${name}: not in the table of tools/tidy/src/allowed-dependencies.ts`
  return decisions.includes(`\`${name}\``) ? null : `depends on ${name}: no file of docs/decisions/ names \`${name}\``
}
