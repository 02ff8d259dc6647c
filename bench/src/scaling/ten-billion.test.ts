import { readdir, readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { PostgresReport } from '../postgres/postgres-report.ts'
import type { StoredSizes } from './stored-sizes.ts'
import { gatewayTable, tenBillionTable, writingTable } from './ten-billion.ts'

const PAGE = new URL('../../../docs/scaling.md', import.meta.url)
const RESULTS = new URL('../../results/', import.meta.url)

/** The last results of a kind: what the page is made of. */
async function last(kind: string, file: string): Promise<{ readonly name: string; readonly text: string }> {
  const name =
    (await readdir(RESULTS))
      .filter((each) => each.startsWith(`${kind}-`))
      .toSorted()
      .at(-1) ?? ''
  return { name, text: await readFile(new URL(`${name}/${file}`, RESULTS), 'utf8') }
}

/** Cells without the blanks that a formatter puts around them. */
const bare = (text: string): string =>
  text
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/--+:/g, '--:')
    .trim()

test('docs/scaling.md has the tables of the last results (STOWAGE_WRITE_TABLES=1 writes them)', async () => {
  const sizes = await last('sizes', 'sizes.json')
  const gateways = await last('postgres', 'results.json')
  const stored = JSON.parse(sizes.text) as StoredSizes
  const report = JSON.parse(gateways.text) as PostgresReport
  const { machine } = report
  const where = `${machine.cores} cores (${machine.processor}) for gateways, Postgres and clients together`
  const tables: Readonly<Record<string, string>> = {
    gateways: `${gatewayTable(report)}\n\n[${gateways.name}](../bench/results/${gateways.name}/report.md), ${where}.`,
    'ten billion': `${tenBillionTable(stored)}\n\n${writingTable(stored)}\n\nCalculated from ${stored.rows} rows, keys of ${stored.keyLength} bytes, one blob each (\`bench/results/${sizes.name}\`).`,
  }
  let page = await readFile(PAGE, 'utf8')
  for (const [name, table] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- ${name} -->\n)(.*?)(<!-- end -->)`, 's')
    const found = place.exec(page)?.[2]
    expect(found, `docs/scaling.md has no place for ${name}`).toBeDefined()
    if (process.env['STOWAGE_WRITE_TABLES'] === '1')
      page = page.replace(place, (_, begin: string, __, end: string) => `${begin}\n${table}\n\n${end}`)
    else expect(bare(found ?? '')).toBe(bare(table))
  }
  if (process.env['STOWAGE_WRITE_TABLES'] === '1') await writeFile(PAGE, page)
})

test('an index of ten billion entries is a few levels deep, and its inner pages are a small part of it', () => {
  const row = { objects: 500, objects_pkey: 100, blob_refs: 80 }
  const of = { date: '', commit: '', rows: 1, keyLength: 70, row } as unknown as StoredSizes
  // 8,192 / (70 + 20) · 0.7 = 63 downlinks: 122 million leaves, 1.94 million, 31 thousand, 489, 8, 1.
  expect(tenBillionTable(of)).toContain('| `objects_pkey` | 100 | 1.0 TB | 62.5 GB | 6 | 16.1 GB |')
})
