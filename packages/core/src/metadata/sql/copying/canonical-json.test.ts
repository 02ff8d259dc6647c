import { expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

test.each([
  ['{"b": 1, "a": [1.0, {"d": null, "c": "x"}]}', '{"a":[1,{"c":"x","d":null}],"b":1}'],
  ['1000000000000000000000', '1e+21'],
  ['{"10":1,"9":2,"":3}', '{"":3,"10":1,"9":2}'],
  [String.raw`"\u00fc\u0001\ud800"`, String.raw`"ü\u0001\ud800"`],
  ['null', 'null'],
])('%s', (text, canonical) => {
  expect(canonicalJson(text)).toBe(canonical)
})
