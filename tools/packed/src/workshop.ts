import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun, runCommand } from '../../verify/src/run-command.ts'
import { NotToBeHad } from './check.ts'
import { cleanEnvironment } from './clean-environment.ts'
import { npmInstall } from './npm.ts'
import type { Manifest } from './npm.ts'
import { TOOL_VERSIONS } from './tool-versions.ts'

/** The root of the repository. */
export const REPOSITORY: string = fileURLToPath(new URL('../../../', import.meta.url))

/** What is used of the `package.json` of a package that is published. */
export interface PublishedManifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A package, and what `npm publish` would send. */
export interface PackedPackage {
  readonly manifest: PublishedManifest
  /** Its folder in the repository. */
  readonly folder: string
  readonly tarball: string
}

/** A Node, and what it says of itself. */
export interface NodeBinary {
  readonly path: string
  readonly version: string
}

/** A folder outside the repository with the tarballs, and with what is made of them when it is first asked for. */
export class Workshop {
  readonly folder: string
  readonly packages: readonly PackedPackage[]
  readonly nodeMajors: readonly number[]
  readonly #made = new Map<string, Promise<unknown>>()

  constructor(folder: string, packages: readonly PackedPackage[], nodeMajors: readonly number[]) {
    this.folder = folder
    this.packages = packages
    this.nodeMajors = nodeMajors
  }

  /** Packs every package that is published. They must have been built. */
  static async open(nodeMajors: readonly number[]): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'stowage-packed-'))
    const tarballs = join(folder, 'tarballs')
    await mkdir(tarballs)
    const packages: PackedPackage[] = []
    for (const name of (await readdir(join(REPOSITORY, 'packages'))).sort()) {
      const source = join(REPOSITORY, 'packages', name)
      const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as PublishedManifest & { readonly private?: true }
      if (manifest.private === true) continue
      const said = await mustRun('npm', ['pack', source, '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', tarballs])
      const [packed] = JSON.parse(said) as readonly [{ readonly filename: string }]
      packages.push({ manifest, folder: source, tarball: join(tarballs, packed.filename) })
    }
    return new Workshop(folder, packages, nodeMajors)
  }

  /** An empty folder of a user's, with all of our packages and nothing but what they bring. */
  app(): Promise<string> {
    return this.#once('app', async () => {
      const folder = join(this.folder, 'app')
      await npmInstall(folder, { name: 'app', type: 'module', ...this.#ours() }, 'what our packages depend on')
      await cp(join(REPOSITORY, 'tools/packed/app'), folder, { recursive: true })
      return folder
    })
  }

  /** The linters and bundlers of `tool-versions.ts`. Gives the folder of their commands. */
  tools(): Promise<string> {
    return this.#once('tools', async () => {
      const folder = join(this.folder, 'tools')
      await npmInstall(folder, { devDependencies: TOOL_VERSIONS }, Object.keys(TOOL_VERSIONS).join(', '))
      return join(folder, 'node_modules')
    })
  }

  /** The newest Node of a line, from the npm package `node`. */
  node(major: number): Promise<NodeBinary> {
    return this.#once(`node ${major}`, async () => {
      if (process.versions.node.startsWith(`${major}.`)) return { path: process.execPath, version: process.versions.node }
      const folder = join(this.folder, `node-${major}`)
      await npmInstall(folder, { dependencies: { node: String(major) }, allowScripts: { node: true } }, `Node ${major}`)
      const path = join(folder, 'node_modules/node/bin/node')
      const { code, stdout, stderr } = await runCommand(path, ['-p', 'process.versions.node'])
      if (code !== 0 || !stdout.startsWith(`${major}.`)) throw new NotToBeHad(`Node ${major}`, `its binary says ${stdout}${stderr}`)
      return { path, version: stdout.trim() }
    })
  }

  /** `examples/next`, installed. */
  next(): Promise<string> {
    return this.#once('next', async () => {
      const folder = join(this.folder, 'next')
      const source = join(REPOSITORY, 'examples/next')
      // Of somebody who has tried the example where it is.
      const isOurs = (path: string): boolean => !/[\\/](?:node_modules|\.next|stowage-data)$/.test(path.slice(source.length))
      await cp(source, folder, { recursive: true, filter: isOurs })
      const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
      const named = Object.keys(manifest.dependencies ?? {})
      const { dependencies, overrides } = this.#ours((name) => named.includes(name))
      const installed = { ...manifest, dependencies: { ...manifest.dependencies, ...dependencies }, overrides }
      await npmInstall(folder, installed, 'Next')
      return folder
    })
  }

  /** Which programs a check may start, on which Node. */
  environment(node: NodeBinary): NodeJS.ProcessEnv {
    return cleanEnvironment(node.path)
  }

  /** A new folder for whatever a case writes. */
  scratch(): Promise<string> {
    return mkdtemp(join(this.folder, 'scratch-'))
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#made.values())
    await rm(this.folder, { recursive: true, force: true })
  }

  /** The tarballs as dependencies; as overrides too, or npm asks the registry for what one of ours wants of another. */
  #ours(isWanted: (name: string) => boolean = () => true): Required<Pick<Manifest, 'dependencies' | 'overrides'>> {
    const entries = this.packages.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`] as const)
    const dependencies = Object.fromEntries(entries.filter(([name]) => isWanted(name)))
    const overrides = entries.map(([name, file]) => [name, isWanted(name) ? `$${name}` : file] as const)
    return { dependencies, overrides: Object.fromEntries(overrides) }
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = (this.#made.get(name) as Promise<T> | undefined) ?? make()
    this.#made.set(name, made)
    return made
  }
}
