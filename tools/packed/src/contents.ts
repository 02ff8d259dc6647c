import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import { REPOSITORY } from './workshop.ts'
import type { PackedPackage } from './workshop.ts'

/** A package holds what it promises, and nothing of the workshop. */
export const contents: PackedCheck = {
  name: 'contents',
  claim: 'Each tarball has its README, the licence, what is built of each source and nothing else; its dependencies on ours fit.',
  cases: ({ packages }) => packages.map((each) => ({ name: each.manifest.name, run: () => checkPackage(each, packages) })),
}

async function checkPackage({ manifest, folder, tarball }: PackedPackage, all: readonly PackedPackage[]): Promise<void> {
  const files = (await mustRun('tar', ['-tzf', tarball]))
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const sources = (await readdir(join(folder, 'src'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\.test(?:-d)?\.ts$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
  const built = sources.flatMap((source) => BUILT.map((suffix) => source.replace(/^src\//, 'dist/').replace(/\.ts$/, suffix)))
  assert.deepEqual(files.sort(), ['LICENSE', 'README.md', 'package.json', ...sources, ...built].sort())
  const [licence, own] = await Promise.all([REPOSITORY, folder].map((place) => readFile(join(place, 'LICENSE'), 'utf8')))
  assert.equal(own, licence, 'another licence than that of the repository')
  const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
  for (const { name, version } of all.map((each) => each.manifest)) {
    if (wanted[name] !== undefined) assert.equal(wanted[name], `^${version}`, `the range of ${name} does not fit its version`)
  }
}

const BUILT = ['.js', '.js.map', '.d.ts', '.d.ts.map']
