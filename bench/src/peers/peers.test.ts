import { expect, test } from 'vitest'
import { flagsOfStart } from './peers.ts'

test('what npm start gives to Node.js is given to the built server too, but for the condition of the sources', () => {
  expect(flagsOfStart('node --max-semi-space-size=8 -C @stowage/source packages/gateway/src/main.ts serve')).toEqual([
    '--max-semi-space-size=8',
  ])
  expect(flagsOfStart('node -C @stowage/source --expose-gc main.js serve --port 1')).toEqual(['--expose-gc'])
  expect(flagsOfStart('node main.js')).toEqual([])
})
