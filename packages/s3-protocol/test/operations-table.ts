import { readdir, readFile } from 'node:fs/promises'
import { CONFIGURATION_OPERATIONS } from '../src/operations/configurations.ts'
import { OPERATIONS } from '../src/operations/index.ts'
import { UNSUPPORTED_OPERATIONS } from '../src/unsupported.ts'

const ROOT = new URL('../../../', import.meta.url)
/** Where tests speak S3 over a socket, or to one operation. */
const FOLDERS = ['packages/s3-protocol/test', 'packages/s3-protocol/src/operations', 'packages/gateway/test', 'examples'] as const

/** The table of operations in the README: from the routing table, and from the tests that name each of them. */
export async function operationsTable(): Promise<string> {
  const tests = await testSources()
  const rows = [...OPERATIONS]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, lacks }) => `| ${name} | ${lacks.join('; ')} | ${testsOf(name, tests).join(', ')} |`)
  const missing = UNSUPPORTED_OPERATIONS.map(({ name }) => name).sort()
  return [
    '| operation | of it, refused by name | tests |',
    '| --- | --- | --- |',
    ...rows,
    '',
    `Answered \`501 NotImplemented\` by name: ${missing.join(', ')}.`,
    '',
  ].join('\n')
}

interface TestSource {
  readonly file: string
  readonly text: string
}

async function testSources(): Promise<readonly TestSource[]> {
  const files = await Promise.all(
    FOLDERS.map(async (folder) => {
      const names = await readdir(new URL(folder, ROOT))
      return names.filter((name) => name.endsWith('.test.ts')).map((name) => `${folder}/${name}`)
    }),
  )
  return Promise.all(files.flat().map(async (file) => ({ file, text: await readFile(new URL(file, ROOT), 'utf8') })))
}

/** The test file of an operation, by its name, and those that send the SDK's command of that name. */
function testsOf(name: string, tests: readonly TestSource[]): readonly string[] {
  const own = `${name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.test.ts`
  const command = new RegExp(`\\b${name}Command\\b`)
  return tests
    .filter(({ file, text }) => file.endsWith(`/${own}`) || command.test(text) || sweeps(name, text))
    .map(({ file }) => `[${file.slice(file.lastIndexOf('/') + 1, -'.test.ts'.length)}](${file})`)
    .sort()
}

/** A test that goes through the table of read-only sub-resources sends each of them. */
function sweeps(name: string, text: string): boolean {
  return text.includes('of CONFIGURATION_OPERATIONS') && CONFIGURATION_OPERATIONS.some((one) => one.name === name)
}
