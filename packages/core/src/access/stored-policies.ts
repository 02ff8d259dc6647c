import { LRUCache } from 'lru-cache'
import { StorageError } from '../errors/storage-error.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { BucketPolicy } from '../policy/bucket-policy/bucket-policy.ts'
import { bucketPolicySize } from '../policy/bucket-policy/bucket-policy-size.ts'
import { parseBucketPolicy } from '../policy/bucket-policy/parse-bucket-policy.ts'
import type { DecisionTrace } from '../policy/decision-ground.ts'
import { PolicySet } from '../policy/policy-set.ts'
import type { Access, BucketFacts, Policy, Requirement } from '../policy/policy.ts'
import { RoleSet } from '../policy/role-set.ts'
import type { Role } from '../policy/role.ts'
import type { Clock } from '../util/clock.ts'
import { systemClock } from '../util/clock.ts'
import { readBucketPolicyText } from './bucket-policy-document.ts'
import { planChange, type PlannedChange, type PolicyChange } from './policy-change.ts'
import { POLICY_KINDS, type PolicyDocuments, type PolicyList, readPolicyDocuments, setWrite } from './policy-documents.ts'
import { type RelationRows, StoredRelationRows } from './relation-rows.ts'

/** Finds roles by name. */
export interface RoleLookup {
  get(name: string): Role | undefined
}

/** The policies of a namespace, kept in its metadata. */
export interface StoredPolicies extends Policy {
  /**
   * The roles that there are, as far as this process has read: for whoever turns credentials into callers. Ask for `refresh` before, where
   * another process may have made one.
   */
  readonly roles: RoleLookup
  /** Looks whether another process has changed something, where the last look is half a second ago or more; null where there is nothing to wait for. */
  refresh(): Promise<void> | null
  /** Decides like `require`, and says to `trace` what had a say. */
  explain(access: Access, trace: DecisionTrace): Promise<Requirement>
  /** What there is now. Bucket policies are their buckets' business: see `Session.getBucketPolicy`. */
  list(): Promise<PolicyList>
  /** The rows of the relations that the engine keeps. */
  readonly relations: RelationRows
  /**
   * Changes roles, row-level policies and relations: at once here, within a second in other processes; commits under way are decided anew. Rejects
   * with `InvalidArgument` or `LimitExceeded`, and changes nothing, where the whole would not be valid; with `Conflict` where others
   * change at the same time, more often than it tries.
   */
  change(change: PolicyChange): Promise<void>
}

/** How often a change is made anew because somebody else was faster. */
const ATTEMPTS_MAX = 5
/** How old a look at the policy version may be, for `refresh`. */
const LOOK_MILLISECONDS = 500
/** How many buckets' policies are remembered. */
const BUCKET_POLICIES_MAX = 1_000
/** How much memory they may take together, about, in bytes. */
const BUCKET_POLICIES_SIZE_MAX = 32 * 1024 * 1024

interface RememberedPolicy {
  readonly policy: BucketPolicy | null
  /** Of what was read, in bytes. */
  readonly size: number
}

function policyCache(): LRUCache<string, RememberedPolicy> {
  return new LRUCache({ max: BUCKET_POLICIES_MAX, maxSize: BUCKET_POLICIES_SIZE_MAX, sizeCalculation: ({ size }) => size })
}

interface LoadedSet {
  readonly version: number
  readonly set: PolicySet
  readonly roles: RoleSet
  readonly bucketPolicies: LRUCache<string, RememberedPolicy>
}

/** What policies are kept in. */
export interface StoredPoliciesOptions {
  /** The store that the engine is given too. */
  readonly metadata: MetadataStore
  /** By which it is told how old a look is. Default: the system's clock. */
  readonly clock?: Clock
}

/**
 * Makes the policy of an engine out of what its metadata store keeps: accounts own their buckets, buckets may have policies, and roles
 * have row-level security. Give it the store that the engine is given; the engine opens and closes it.
 */
export function storedPolicies({ metadata, clock = systemClock }: StoredPoliciesOptions): StoredPolicies {
  return new StoredPolicySet(metadata, clock)
}

class StoredPolicySet implements StoredPolicies {
  readonly keepsBucketPolicies = true
  readonly relations: RelationRows
  readonly #metadata: MetadataStore
  #loaded: LoadedSet | null = null
  /** The version that our own last change made. */
  #changed = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null
  readonly #clock: Clock
  readonly roles: RoleLookup = { get: (name) => (this.#loaded?.roles ?? NO_OWN_ROLES).find(name) ?? undefined }
  #loading: Promise<LoadedSet> | null = null

  constructor(metadata: MetadataStore, clock: Clock) {
    this.#metadata = metadata
    this.relations = new StoredRelationRows(metadata)
    this.#clock = clock
  }

  require(access: Access): Requirement | Promise<Requirement> {
    const loaded = this.#loaded
    if (loaded === null || loaded.version < Math.max(access.policyVersion, this.#changed)) return this.#decideLater(access)
    const { bucket } = access
    const known = bucket === null ? NO_POLICY : loaded.bucketPolicies.get(bucket.id)
    return known === undefined ? this.#decideLater(access) : loaded.set.decide(access, { bucketPolicy: known.policy })
  }

  bypasses(role: string): boolean {
    return (this.#loaded?.roles ?? NO_OWN_ROLES).bypasses(role)
  }

  async explain(access: Access, trace: DecisionTrace): Promise<Requirement> {
    return this.#decideLater(access, trace)
  }

  async list(): Promise<PolicyList> {
    const { roles, policies, relations } = await this.#read()
    return { roles, policies, relations }
  }

  async change(change: PolicyChange): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const before = await this.#read()
      const { writes, tables, kept } = planChange(before, change)
      await this.#lookAt(kept)
      if (writes.length === 0) return
      const outcome = await this.#metadata.writeDocuments({
        writes: [setWrite(before.setVersion), ...writes],
        raisesPolicyVersion: true,
        tables,
      })
      if (outcome.outcome === 'written') {
        this.#changed = Math.max(this.#changed, outcome.policyVersion)
        await this.#load(0)
        return
      }
    }
    throw new StorageError('Conflict', { what: 'others change the policies' })
  }

  /** Refuses relations that Postgres keeps and that policies could not look into. */
  async #lookAt(kept: PlannedChange['kept']): Promise<void> {
    if (kept.length === 0) return
    const faults = await this.#metadata.inspectRelationTables(kept.map(({ relation }) => relation))
    for (const [at, { place }] of kept.entries()) {
      const fault = faults[at] ?? null
      if (fault === null) continue
      const argument = fault.column === null ? place : `${place}.columns.${fault.column}`
      throw new StorageError('InvalidArgument', { argument, reason: fault.reason })
    }
  }

  refresh(): Promise<void> | null {
    const age = this.#clock().getTime() - this.#lookedAt
    // A clock that was set back must not make what was read last for good.
    if (this.#looking === null && age >= 0 && age < LOOK_MILLISECONDS) return null
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const began = this.#clock().getTime()
    await this.#load(await this.#metadata.policyVersion())
    this.#lookedAt = began
  }

  async #decideLater(access: Access, trace?: DecisionTrace): Promise<Requirement> {
    const loaded = await this.#load(access.policyVersion)
    const bucketPolicy = access.bucket === null ? null : await this.#bucketPolicy(loaded, access.bucket)
    return loaded.set.decide(access, { bucketPolicy, ...(trace === undefined ? {} : { trace }) })
  }

  async #load(least: number): Promise<LoadedSet> {
    const wanted = Math.max(least, this.#changed)
    for (;;) {
      const loaded = this.#loaded
      if (loaded !== null && loaded.version >= wanted) return loaded
      const isOurs = this.#loading === null
      this.#loading ??= this.#readSet().finally(() => {
        this.#loading = null
      })
      // Where somebody else began it, it may have been before what we ask for was there: then once more.
      const read = await this.#loading
      if (isOurs && read.version < wanted) {
        throw new StorageError('StoreUnavailable', { store: this.#metadata.name, reason: 'its policies are older than they were' })
      }
      if (this.#loaded === null || this.#loaded.version < read.version) this.#loaded = read
    }
  }

  async #readSet(): Promise<LoadedSet> {
    const { policyVersion, documents } = await this.#metadata.readDocuments({ kinds: Object.values(POLICY_KINDS) })
    const { roles, policies } = readPolicyDocuments(documents)
    const roleSet = new RoleSet(roles)
    const set = new PolicySet({ roles: roleSet, rowPolicies: policies })
    return { version: policyVersion, set, roles: roleSet, bucketPolicies: policyCache() }
  }

  async #read(): Promise<PolicyDocuments> {
    const { documents } = await this.#metadata.readDocuments({ kinds: Object.values(POLICY_KINDS) })
    return readPolicyDocuments(documents)
  }

  async #bucketPolicy({ bucketPolicies }: LoadedSet, { id, name }: BucketFacts): Promise<BucketPolicy | null> {
    const known = bucketPolicies.get(id)
    if (known !== undefined) return known.policy
    const text = await readBucketPolicyText(this.#metadata, id)
    const policy = text === null ? null : parseBucketPolicy(text, name)
    bucketPolicies.set(id, { policy, size: policy === null ? 1 : bucketPolicySize(policy, text?.length ?? 0) })
    return policy
  }
}

const NO_POLICY = { policy: null }
const NO_OWN_ROLES = new RoleSet()
