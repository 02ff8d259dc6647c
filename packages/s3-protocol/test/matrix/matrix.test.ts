import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OPERATIONS } from '../../src/operations/index.ts'
import type { Answer } from '../client.ts'
import { ALLOWED, allowedAnswer, refusal } from './allowed.ts'
import { BODY_MODES, CREDENTIAL_KINDS, fillWallet, sendCell } from './cells.ts'
import type { Cell, Wallet } from './cells.ts'
import { CONTENT, openWorld } from './world.ts'
import type { World } from './world.ts'

/*
 * Every route with every kind of credential and every way to send a body. The routes are those of the table that the door is made of,
 * so that a new one is here by itself, and refused until `allowed.ts` names it.
 */

let world: World
let wallet: Wallet
let before = ''

beforeAll(async () => {
  world = await openWorld()
  wallet = await fillWallet()
  before = await world.inventory()
})
afterAll(async () => {
  expect(world.faults).toEqual([])
  await world.close()
})

/** Whether what there is has changed; puts it back. */
async function changed(writesBefore: number): Promise<boolean> {
  if (world.writes === writesBefore) return false
  if ((await world.inventory()) === before) return false
  await world.reset()
  before = await world.inventory()
  return true
}

/** What is wrong with the answer of a cell; null where it is as it should be. */
function judge(cell: Cell, answer: Answer, hasChanged: boolean): string | null {
  const allowed = allowedAnswer(cell)
  const head = cell.operation.match.method === 'HEAD'
  const got = `${answer.outcome}${hasChanged ? ', changed' : ''}`
  const wanted = allowed === null ? refusal(cell) : `${allowed.answer ?? '200'}${allowed.changes === true ? ', changed' : ''}`
  const name = `${cell.kind}, ${cell.mode}: ${got}`
  if (wanted === null ? answer.status < 400 || answer.status > 501 || hasChanged : got !== (head ? wanted.slice(0, 3) : wanted)) {
    return `${name} instead of ${wanted ?? 'a refusal'}`
  }
  if (wanted === null && answer.status >= 500 && answer.status !== 501) return name
  return allowed === null && answer.text.includes(CONTENT) ? `${name} shows what it must not` : null
}

describe('D03, D04, D05, D07, D08, D13, D18, D32, D57: route × credential × body', { timeout: 120_000 }, () => {
  test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))('%s', async (_, operation) => {
    const wrong: string[] = []
    for (const kind of CREDENTIAL_KINDS) {
      for (const mode of BODY_MODES) {
        const { writes } = world
        const cell: Cell = { operation, kind, mode }
        const answer = await sendCell(cell, world, wallet)
        const fault = judge(cell, answer, await changed(writes))
        if (fault !== null) wrong.push(fault)
      }
    }
    expect(wrong).toEqual([])
  })

  test('names no route that there is not', () => {
    const names = OPERATIONS.map(({ name }) => name)
    expect(Object.keys(ALLOWED).filter((name) => !names.includes(name))).toEqual([])
  })

  test('an object that is shown is seen', async () => {
    const operation = OPERATIONS.find(({ name }) => name === 'GetObject')
    if (operation === undefined) throw new Error('There is no GetObject.')
    expect((await sendCell({ operation, kind: 'owner', mode: 'sha256' }, world, wallet)).text).toBe(CONTENT)
  })
})
