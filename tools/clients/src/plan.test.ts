import { expect, test } from 'vitest'
import { TRANSPORTS } from './check-names.ts'
import { planRuns } from './plan.ts'

const CLIENTS = ['a', 'b', 'c', 'd']
const LARGE = 200 * 1024 ** 2

test('everything with 200 MiB, or of a sample each client once, one of them with 200 MiB', () => {
  const whole = planRuns(CLIENTS, TRANSPORTS, null)
  expect(whole.map(({ client, transport }) => `${client} ${transport}`)).toHaveLength(8)
  expect(whole.every(({ largeBytes }) => largeBytes > LARGE)).toBe(true)
  for (let seed = 0; seed < 50; seed += 1) {
    const sample = planRuns(CLIENTS, TRANSPORTS, { seed })
    expect(sample.map(({ client }) => client)).toEqual(CLIENTS)
    expect(sample.filter(({ largeBytes }) => largeBytes > LARGE)).toHaveLength(1)
    expect(planRuns(CLIENTS, TRANSPORTS, { seed })).toEqual(sample)
  }
})

test('seeds reach every client with 200 MiB, and every transport', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed += 1) {
    for (const { client, transport, largeBytes } of planRuns(CLIENTS, TRANSPORTS, { seed }))
      seen.add(`${client} ${transport} ${largeBytes > LARGE}`)
  }
  expect(seen.size).toBe(16)
})
