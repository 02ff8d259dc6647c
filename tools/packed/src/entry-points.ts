import type { PackedPackage } from './workshop.ts'

/** Every name under which a package can be imported: what `exports` lists, less `package.json`. */
export function entryPoints(packages: readonly PackedPackage[]): readonly string[] {
  return packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports)
      .filter((path) => path !== './package.json')
      .map((path) => `${manifest.name}${path.slice(1)}`),
  )
}

/** Those are for `new Worker`: imported elsewhere they say so. */
export function isWorker(specifier: string): boolean {
  return specifier.endsWith('-worker')
}
