import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'
import type { PackedCheck } from './check.ts'
import { entryPoints } from './entry-points.ts'
import { REPOSITORY } from './workshop.ts'
import type { Workshop } from './workshop.ts'

/** How users set their compilers up. */
const RESOLUTIONS = {
  nodenext: { module: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const

/** What a user's compiler makes of our declarations, all of them: `skipLibCheck` is off. */
export const types: PackedCheck = {
  name: 'types',
  claim: 'TypeScript 6 and 7 find the types of every entry point, and no fault in them, under nodenext and bundler.',
  cases: (workshop) =>
    (['7', '6'] as const).flatMap((version) =>
      (['nodenext', 'bundler'] as const).map((resolution) => ({
        name: `TypeScript ${version}, ${resolution}`,
        run: () => compile(workshop, version, resolution),
      })),
    ),
}

async function compile(workshop: Workshop, version: '6' | '7', resolution: keyof typeof RESOLUTIONS): Promise<void> {
  const app = await workshop.app()
  const typescript = version === '7' ? join(REPOSITORY, 'node_modules/typescript') : join(await workshop.tools(), 'typescript6')
  const specifiers = entryPoints(workshop.packages)
  await writeFile(join(app, 'all.ts'), `${specifiers.map((name, at) => `export * as entry${at} from '${name}'`).join('\n')}\n`)
  const config = `tsconfig.${version}.${resolution}.json`
  const compilerOptions = {
    ...RESOLUTIONS[resolution],
    target: 'es2023',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    allowImportingTsExtensions: true,
    // Ours; a user has some of their own. Nothing else is lent.
    typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    types: ['node'],
  }
  await writeFile(join(app, config), JSON.stringify({ compilerOptions, files: ['all.ts', 'server.ts', 'types.ts'] }))
  const tsc = [join(typescript, 'bin/tsc'), '-p', config]
  const env = workshop.environment({ path: process.execPath, version: process.versions.node })
  const listed = await runCommand(process.execPath, [...tsc, '--listFiles'], { cwd: app, env })
  assert.equal(
    listed.code,
    0,
    `${listed.stdout
      .split('\n')
      .filter((line) => line.includes('error'))
      .join('\n')}${listed.stderr}`,
  )
  for (const { manifest } of workshop.packages) {
    assert.ok(listed.stdout.includes(`/node_modules/${manifest.name}/dist/`), `${manifest.name} was not looked at`)
  }
  // A compiler that took everything for `any` would be content too.
  await writeFile(join(app, 'wrong.ts'), `import { openEngine } from '@stowage/core'\nexport const wrong: number = openEngine\n`)
  const wrong = await runCommand(process.execPath, [...tsc.slice(0, 1), ...flags(compilerOptions), 'wrong.ts'], { cwd: app, env })
  assert.match(wrong.stdout, /TS2322/)
}

function flags(compilerOptions: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(compilerOptions).flatMap(([name, value]) => [`--${name}`, Array.isArray(value) ? value.join(',') : String(value)])
}
