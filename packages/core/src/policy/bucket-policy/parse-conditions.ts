import { StorageError } from '../../errors/storage-error.ts'
import { readIpRange } from '../ip-range.ts'
import { readDate, readNumber, type ConditionOperator, type ConditionTest, type ConditionValue } from './condition.ts'
import { isConditionKey } from './condition-keys.ts'
import { findConditionOperator } from './condition-operators.ts'
import type { PolicyReader } from './policy-reader.ts'
import { readPattern } from './wildcard.ts'

/** Reads the `Condition` of a statement: none where it has none. Throws `MalformedPolicy` for operators, keys and values that nobody knows. */
export function parseConditions(statement: PolicyReader, variables: boolean): readonly ConditionTest[] {
  if (!statement.has('Condition')) return []
  const condition = statement.object('Condition')
  return condition.names.flatMap((name) => {
    const operator = findConditionOperator(name)
    if (operator === null) throw malformed(condition.at(name), 'is no operator that is known')
    const keys = condition.object(name)
    return keys.names.map((key): ConditionTest => {
      if (!isConditionKey(key)) throw malformed(keys.at(key), 'is no key that is known')
      const values = keys.values(key).map((value) => {
        const read = readValue(operator, value, variables)
        if (typeof read === 'string') throw malformed(keys.at(key), read)
        return read
      })
      return { operator, key: key.toLowerCase(), values }
    })
  })
}

/** A text instead where the operator has no such value: why. */
function readValue({ kind }: ConditionOperator, text: string, variables: boolean): ConditionValue | string {
  switch (kind) {
    case 'string':
    case 'pattern': {
      const pattern = readPattern(text, { variables, wildcards: kind === 'pattern', isVariable: isConditionKey })
      return typeof pattern === 'string' ? pattern : { kind, pattern }
    }
    case 'number':
    case 'date': {
      const number = kind === 'number' ? readNumber(text) : readDate(text)
      return number === null ? `has '${text}', which is no ${kind}` : { kind, number }
    }
    case 'bool':
    case 'null': {
      const flag = text.toLowerCase()
      return flag === 'true' || flag === 'false' ? { kind, flag: flag === 'true' } : `has '${text}', which is neither true nor false`
    }
    case 'address': {
      const range = readIpRange(text)
      return range === null ? `has '${text}', which is no address or range of addresses` : { kind, range }
    }
    default:
      return kind satisfies never
  }
}

function malformed(place: string, reason: string): StorageError<'MalformedPolicy'> {
  return new StorageError('MalformedPolicy', { place, reason })
}
