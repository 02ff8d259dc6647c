import type { PolicyTable, Predicate, RowPolicy } from '@stowage/core/policy'
import type { AlterPolicyStmt, AlterTableStmt, CreatePolicyStmt, DropStmt, Node, RangeVar, RenameStmt } from 'libpg-query'
import { nameParts } from './name-parts.ts'
import type { PolicyWarningKind } from './policy-warning.ts'
import { commandOf, rolesOf } from './policy-clauses.ts'
import { type ExpressionSite, readExpression } from './read-expression.ts'
import { Refusal } from './refusal.ts'
import type { RelationRegistry } from './relation-registry.ts'
import { Scope } from './scope.ts'
import { placeOf } from './typed.ts'

interface Warning {
  readonly kind: PolicyWarningKind
  readonly policy: string
  readonly at: number
  readonly message: string
}

/** The policies that a row of statements leaves behind. */
export class PolicySet {
  readonly #relations: RelationRegistry
  readonly #policies = new Map<string, RowPolicy>()
  #warnings: readonly Warning[] = []

  constructor(relations: RelationRegistry) {
    this.#relations = relations
  }

  get policies(): readonly RowPolicy[] {
    return [...this.#policies.values()]
  }

  get warnings(): readonly Warning[] {
    return this.#warnings
  }

  /** Follows a statement. Gives the reason where it says nothing of our policies, null where it was followed. Throws `Refusal`. */
  apply(stmt: Node, source: string): string | null {
    if ('CreatePolicyStmt' in stmt) return this.#create(stmt.CreatePolicyStmt, source)
    if ('AlterPolicyStmt' in stmt) return this.#alter(stmt.AlterPolicyStmt, source)
    if ('DropStmt' in stmt) return this.#drop(stmt.DropStmt)
    if ('RenameStmt' in stmt) return this.#rename(stmt.RenameStmt)
    if ('AlterTableStmt' in stmt) return alterTable(stmt.AlterTableStmt)
    // What is in there runs when the statement does: nobody can tell which policies it makes.
    if ('DoStmt' in stmt && /\bpolicy\b/i.test(source))
      throw new Refusal(null, 'a DO block that speaks of policies', 'write its statements out')
    return 'it is no statement about policies'
  }

  #create(stmt: CreatePolicyStmt, source: string): string | null {
    const table = tableOf(stmt.table)
    if (table === null) return 'its table is neither storage.objects nor storage.buckets'
    const name = stmt.policy_name ?? ''
    if (this.#policies.has(keyOf(table, name))) throw new Refusal(null, `policy "${name}" for table "${table}" already exists`)
    const command = commandOf(stmt.cmd_name)
    const checkOnly = stmt.with_check !== undefined && (command === 'select' || command === 'delete')
    if (checkOnly) throw new Refusal(null, 'WITH CHECK cannot be applied to SELECT or DELETE')
    if (stmt.qual !== undefined && command === 'insert') throw new Refusal(null, 'only WITH CHECK expression allowed for INSERT')
    if (stmt.qual === undefined && stmt.with_check === undefined) {
      throw new Refusal(null, 'a policy without USING and WITH CHECK says nothing', 'leave it out, or say USING (true)')
    }
    this.#policies.set(keyOf(table, name), {
      name,
      table,
      mode: stmt.permissive === true ? 'permissive' : 'restrictive',
      command,
      roles: rolesOf(stmt.roles),
      ...this.#expressions(stmt, table, name),
      ...sourceOf(source),
    })
    return null
  }

  #alter(stmt: AlterPolicyStmt, source: string): string | null {
    const table = tableOf(stmt.table)
    if (table === null) return 'its table is neither storage.objects nor storage.buckets'
    const name = stmt.policy_name ?? ''
    const old = this.#get(table, name)
    if (stmt.with_check !== undefined && (old.command === 'select' || old.command === 'delete')) {
      throw new Refusal(null, 'only USING expression allowed for SELECT, DELETE')
    }
    if (stmt.qual !== undefined && old.command === 'insert') throw new Refusal(null, 'only WITH CHECK expression allowed for INSERT')
    this.#policies.set(keyOf(table, name), {
      ...old,
      ...(stmt.roles === undefined ? {} : { roles: rolesOf(stmt.roles) }),
      ...this.#expressions(stmt, table, name),
      ...sourceOf(`${old.source ?? ''};\n${source}`),
    })
    return null
  }

  #drop(stmt: DropStmt): string | null {
    if (stmt.removeType !== 'OBJECT_POLICY') return 'it is no statement about policies'
    for (const object of stmt.objects ?? []) {
      const parts = 'List' in object ? nameParts(object.List.items, 0) : []
      const [name = '', relname = '', schemaname] = parts.toReversed()
      const table = tableOf({ relname, ...(schemaname === undefined ? {} : { schemaname }) })
      if (table === null) return 'its table is neither storage.objects nor storage.buckets'
      const removed = this.#policies.delete(keyOf(table, name))
      if (removed) this.#warnings = this.#warnings.filter(({ policy }) => policy !== name)
      else if (stmt.missing_ok === true) return 'no policy of that name is made before it in this text'
      else throw notMade(table, name)
    }
    return null
  }

  #rename(stmt: RenameStmt): string | null {
    if (stmt.renameType !== 'OBJECT_POLICY') return 'it is no statement about policies'
    const table = tableOf(stmt.relation)
    if (table === null) return 'its table is neither storage.objects nor storage.buckets'
    const [from, to] = [stmt.subname ?? '', stmt.newname ?? '']
    const policy = this.#get(table, from)
    if (this.#policies.has(keyOf(table, to))) throw new Refusal(null, `policy "${to}" for table "${table}" already exists`)
    this.#policies.delete(keyOf(table, from))
    this.#policies.set(keyOf(table, to), { ...policy, name: to })
    return null
  }

  #get(table: PolicyTable, name: string): RowPolicy {
    const policy = this.#policies.get(keyOf(table, name))
    if (policy === undefined) throw notMade(table, name)
    return policy
  }

  #expressions(stmt: CreatePolicyStmt | AlterPolicyStmt, table: PolicyTable, policy: string): Pick<RowPolicy, 'using' | 'check'> {
    const warn: ExpressionSite['warn'] = (kind, at, message) => {
      this.#warnings = [...this.#warnings, { kind, policy, at, message }]
    }
    const read = (node: Node): Predicate => readExpression(node, { scope: new Scope(table), relations: this.#relations, warn })
    return {
      ...(stmt.qual === undefined ? {} : { using: read(stmt.qual) }),
      ...(stmt.with_check === undefined ? {} : { check: read(stmt.with_check) }),
    }
  }
}

/** As long a text as a policy may carry. */
const SOURCE_LENGTH_MAX = 16_384

/** The text of a policy; left out where it is longer than a policy may carry: nothing depends on it. */
function sourceOf(source: string): Pick<RowPolicy, 'source'> {
  return source.length > SOURCE_LENGTH_MAX ? {} : { source }
}

function keyOf(table: PolicyTable, name: string): string {
  return `${table} ${name}`
}

function notMade(table: PolicyTable, name: string): Refusal {
  return new Refusal(null, `policy "${name}" for table "${table}" is not made before this statement`, 'read both in one text')
}

/** Null for a table that is not ours. Refuses a bare name of one that is: which it is depends on the search path. */
function tableOf(table: Pick<RangeVar, 'schemaname' | 'relname' | 'location'> | undefined): PolicyTable | null {
  const name = table?.relname
  if (name !== 'objects' && name !== 'buckets') return null
  if (table?.schemaname === undefined) {
    throw new Refusal(table?.location === undefined ? null : placeOf(table), `${name} without a schema`, `write storage.${name}`)
  }
  return table.schemaname === 'storage' ? name : null
}

function alterTable(stmt: AlterTableStmt): string {
  const table = stmt.relation?.schemaname === undefined ? null : tableOf(stmt.relation)
  if (table === null) return 'it is no statement about policies'
  for (const command of stmt.cmds ?? []) {
    const subtype = 'AlterTableCmd' in command ? command.AlterTableCmd.subtype : undefined
    if (subtype === 'AT_DisableRowSecurity')
      throw new Refusal(null, 'row-level security that is switched off', 'give the role bypassRls, or a policy that is always true')
    if (subtype !== 'AT_EnableRowSecurity' && subtype !== 'AT_ForceRowSecurity' && subtype !== 'AT_NoForceRowSecurity') {
      return 'it changes a table that is not kept here'
    }
  }
  return 'row-level security is always on, and tables have no owner that it does not apply to'
}
