/** A fault that somebody might make: one text in one file of core, replaced. */
export interface Mutant {
  readonly name: string
  /** Under `packages/core/src`. */
  readonly file: string
  /** There exactly once. */
  readonly find: string
  readonly replace: string
}

const EVALUATE = 'policy/evaluate-predicate.ts'
const VALUES = 'policy/evaluate-values.ts'
const FUNCTIONS = 'policy/evaluate-functions.ts'
const JSON_VALUES = 'policy/evaluate-json.ts'
const LIKE = 'policy/evaluate-like.ts'
const FOLD = 'policy/fold-predicate.ts'
const COMBINE = 'policy/combine-row-policies.ts'
const REQUIREMENT = 'policy/row-requirement.ts'
const COMPILER = 'metadata/sql/predicate-compiler.ts'
const SQLITE = 'metadata/sql/predicate-sqlite.ts'
const POSTGRES = 'metadata/sql/predicate-postgres.ts'
const COLUMNS = 'metadata/sql/predicate-columns.ts'

/** The ten that the specification names. */
export const NAMED_MUTANTS: readonly Mutant[] = [
  { name: 'NOT of unknown is true', file: EVALUATE, find: 'return value === null ? null : !value', replace: 'return value !== true' },
  { name: 'restrictive policies are joined by OR', file: COMBINE, find: 'return allOf([...restricting, anyOf(allowing)])', replace: 'return anyOf([...restricting, ...allowing])' },
  { name: 'policies FOR ALL are passed by', file: COMBINE, find: "(policy.command === 'all' || policy.command === command)", replace: 'policy.command === command' },
  { name: "SQLite's LIKE in the place of GLOB", file: SQLITE, find: "return sql`(${value} ${raw(neg ? 'NOT GLOB' : 'GLOB')} ${pattern})`", replace: "return sql`(${value} ${raw(neg ? 'NOT LIKE' : 'LIKE')} ${p.k === 'lit' ? p.v : pattern})`" },
  { name: 'a name without a dot has no extension', file: FUNCTIONS, find: "return text === '' ? null : extensionOf(text)", replace: "return text === '' || !text.includes('.') ? null : extensionOf(text)" },
  { name: "JSON's null is a value", file: JSON_VALUES, find: 'if (json === null || json.value === null) return null', replace: 'if (json === null) return null' },
  { name: 'IN of a query is never unknown', file: EVALUATE, find: 'return equal === null ? null : equal !== node.neg', replace: 'return (equal ?? false) !== node.neg' },
  { name: 'an upsert need not see what it writes', file: REQUIREMENT, find: 'const inserted = allOf([insert.check, select.using])', replace: 'const inserted = insert.check' },
  { name: 'an upsert need not see what it replaces', file: REQUIREMENT, find: 'existing: allOf([select.using, update.using]),', replace: 'existing: update.using,' },
  { name: 'an upsert is not held against the CHECK of updates', file: REQUIREMENT, find: 'finalReplaced: allOf([inserted, update.check]),', replace: 'finalReplaced: inserted,' },
] // prettier-ignore

/** And more, of the combiner, the evaluator, the folding, both compilers and the printer. */
export const MORE_MUTANTS: readonly Mutant[] = [
  { name: 'USING before CHECK', file: COMBINE, find: 'return check ?? using ?? null', replace: 'return using ?? check ?? null' },
  { name: 'USING does not stand for CHECK', file: COMBINE, find: 'return check ?? using ?? null', replace: 'return check ?? null' },
  { name: 'CHECK stands for USING', file: COMBINE, find: 'usingOf({ using }: RowPolicy): Predicate | null {\n  return using ?? null', replace: 'usingOf({ using, check }: RowPolicy): Predicate | null {\n  return using ?? check ?? null' },
  { name: 'PUBLIC is a role like others', file: COMBINE, find: 'role === PUBLIC_ROLE || roles.has(role)', replace: 'roles.has(role)' },
  { name: 'policies are for every role', file: COMBINE, find: 'role === PUBLIC_ROLE || roles.has(role)', replace: 'role !== null' },
  { name: 'restrictive policies alone allow', file: COMBINE, find: 'if (allowing.length === 0) return NEVER', replace: 'if (allowing.length === 0) return allOf(restricting)' },
  { name: 'permissive policies are joined by AND', file: COMBINE, find: 'return allOf([...restricting, anyOf(allowing)])', replace: 'return allOf([...restricting, ...allowing])' },
  { name: 'a delete need not see its row', file: REQUIREMENT, find: 'const existing = allOf([select.using, del.using])', replace: 'const existing = del.using' },
  { name: 'a create is held against USING', file: REQUIREMENT, find: 'return { existing: ALWAYS, proposed: check, finalCreated: check, finalReplaced: NEVER }', replace: 'return { existing: ALWAYS, proposed: ALWAYS, finalCreated: ALWAYS, finalReplaced: NEVER }' },
  { name: 'a bucket is changed without the CHECK of updates', file: REQUIREMENT, find: "policies(table, 'update').using, policies(table, 'update').check", replace: "policies(table, 'update').using" },
  { name: 'a bucket is deleted unseen', file: REQUIREMENT, find: "allOf([select.using, policies(table, 'delete').using])", replace: "policies(table, 'delete').using" },
  { name: 'texts are ordered by UTF-16', file: VALUES, find: 'return a === b ? 0 : compareBytes(a, b)', replace: 'return a === b ? 0 : a < b ? -1 : compareBytes(b, b) + 1' },
  { name: 'an unknown arm decides', file: EVALUATE, find: 'return unknown ? null : !deciding', replace: 'return !deciding' },
  { name: 'a list with an unknown is never unknown', file: EVALUATE, find: 'return unknown ? null : node.neg', replace: 'return node.neg' },
  { name: 'an array with an unknown is never unknown', file: VALUES, find: 'return unknown ? null : false', replace: 'return unknown && false' },
  { name: 'null is distinct from null', file: VALUES, find: 'return a === null || b === null ? a !== b : order(a, b) !== 0', replace: 'return a === null || b === null ? true : order(a, b) !== 0' },
  { name: 'elements are counted from 0', file: EVALUATE, find: '(listOf(value)[index - 1] ?? null)', replace: '(listOf(value)[index] ?? null)' },
  { name: 'the name of a file is a folder', file: FUNCTIONS, find: 'pathTokens(text).slice(0, -1)', replace: 'pathTokens(text)' },
  { name: 'an underscore is an underscore', file: LIKE, find: "point === '_' ? ONE : { kind: 'is', point }", replace: "{ kind: 'is', point }" },
  { name: 'ILIKE minds case', file: LIKE, find: 'matches(Array.from(ignoreCase ? asciiLower(text) : text), pieces)', replace: 'matches(Array.from(text), pieces)' },
  { name: 'what is no integer is 0', file: 'policy/evaluate-cast.ts', find: "?? fail('a text is no integer')", replace: "?? '0'" },
  { name: 'a scalar has no first element', file: JSON_VALUES, find: 'isObject(json) ? [] : [json]', replace: '[]' },
  { name: 'a text in JSON is no member', file: JSON_VALUES, find: 'isArray(json) ? json.includes(name) : json === name', replace: 'isArray(json) && json.includes(name)' },
  { name: 'a leading storage. counts', file: FUNCTIONS, find: 'name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name', replace: 'name' },
  { name: 'a sub that is no uuid is unknown', file: FOLD, find: 'if (sub === null || uuid !== null) return', replace: 'if (sub === null || sub !== null) return' },
  { name: 'NOT IN of nothing is false', file: FOLD, find: 'folded.l.length === 0 ? constant(folded.neg)', replace: 'folded.l.length === 0 ? NEVER' },
  { name: 'an unknown arm is left out', file: FOLD, find: 'if (folded !== neutral) kept.push(folded)', replace: "if (folded !== neutral && !(folded.k === 'lit' && folded.v === null)) kept.push(folded)" },
  { name: 'IS NOT TRUE is IS FALSE', file: COMPILER, find: "IS_NOT_TRUE: 'IS NOT TRUE'", replace: "IS_NOT_TRUE: 'IS FALSE'" },
  { name: 'NOT IN of a query is IN', file: COMPILER, find: "raw(node.neg ? 'NOT IN' : 'IN')} (${list}))", replace: "raw('IN')} (${list}))" },
  { name: 'Postgres orders texts by language', file: POSTGRES, find: `? ' COLLATE "C"' : '')`, replace: "? '' : '')" },
  { name: 'Postgres takes the file for a folder', file: POSTGRES, find: 'cardinality(${pathTokens}) > ${place}', replace: 'cardinality(${pathTokens}) >= ${place}' },
  { name: 'Postgres minds case in ILIKE', file: POSTGRES, find: "ci ? 'ILIKE' : 'LIKE'", replace: "'LIKE'" },
  { name: 'Postgres folds case by language', file: POSTGRES, find: 'sql`${raw(f)}(${compiled} COLLATE "C")`', replace: 'sql`${raw(f)}(${compiled})`' },
  { name: 'SQLite takes the file for a folder', file: SQLITE, find: 'json_array_length(${pathTokens}) > ${raw', replace: 'json_array_length(${pathTokens}) >= ${raw' },
  { name: 'SQLite finds a prefix anywhere', file: SQLITE, find: 'sql`(instr(${join(parts)}) = 1)`', replace: 'sql`(instr(${join(parts)}) > 0)`' },
  { name: 'SQLite writes a flag as a number', file: SQLITE, find: "WHEN 1 THEN 'true' WHEN 0 THEN 'false'", replace: "WHEN 1 THEN '1' WHEN 0 THEN '0'" },
  { name: 'SQLite evaluates what fails in its own order', file: SQLITE, find: 'if (!canFail(node)) return this.#native(node)', replace: "if (!canFail(node) || node.k === 'cast') return this.#native(node)" },
  { name: 'the size among the metadata is the ETag', file: COLUMNS, find: 'size: measured, contentLength', replace: 'size: textMember(quoted), contentLength' },
  { name: 'policies are printed as permissive ones', file: 'policy/create-policy-sql.ts', find: 'policy.mode.toUpperCase()', replace: "'PERMISSIVE'" },
  { name: 'an order of texts is printed as that of the database', file: 'policy/policy-expression-sql.ts', find: "const ordered = op !== '=' && op !== '<>' && predicateType(a) === 'text'", replace: 'const ordered = false' },
] // prettier-ignore
