import type { OpenTenant, Tenants } from './tenants.ts'
import type { Tenant } from './tenant.ts'

/** How the background work of tenants is done. */
export interface TenantRoundsOptions<T extends OpenTenant> {
  /** Those that are looked after. */
  readonly tenants: Tenants<T>
  /** From the beginning of a round to that of the next one. */
  readonly everySeconds: number
  /** How often it is asked what other processes have changed, in seconds; null where there are none. */
  readonly hearEverySeconds: number | null
  /** Tenants that are opened for it in one round at the most. */
  readonly openedMax: number
  /** Tenants that are open anyway and looked after in one round at the most. */
  readonly openMax: number
  /** Asks for the right to open tenants in this round, of which one process has it at a time; gives back what ends it, or null where another one has it. */
  readonly take: () => Promise<(() => Promise<void>) | null>
  /** Hears what went wrong with a tenant; the round goes on with the next one. */
  readonly onFault: (error: unknown, tenant: Tenant) => void
}

/**
 * Looks after all tenants in turn, one at a time: in each round the next of those that are open, and the next few of the others, which are opened
 * for it and closed again, by one process of several. So nobody's garbage stays for ever, and no more is open than may be. Suspended ones are left alone.
 * Deletions that a crash has cut off are gone on with, beside the rounds: nobody waits for that of a large one.
 */
export class TenantRounds<T extends OpenTenant> {
  readonly #options: TenantRoundsOptions<T>
  /** The names that the last round ended with, of those that are open and of the others. */
  #lastOpen = ''
  #last = ''
  readonly #timers: NodeJS.Timeout[] = []
  #running: Promise<void> | null = null
  #deletions: Promise<void> | null = null
  readonly #stopping = new AbortController()

  constructor(options: TenantRoundsOptions<T>) {
    this.#options = options
  }

  /** Begins: a first round now, and the others in intervals. */
  start(): void {
    const tick = (): void => void this.round()
    const { everySeconds, hearEverySeconds, tenants } = this.#options
    this.#timers.push(setInterval(tick, everySeconds * 1000).unref())
    // One that is asked for nothing hears of nothing, and has uploads under way all the same.
    const hear = (): void => void tenants.catalogue.refresh()?.catch(() => undefined)
    if (hearEverySeconds !== null) this.#timers.push(setInterval(hear, hearEverySeconds * 1000).unref())
    tick()
  }

  /** One round, unless one is under way: then that one. Never rejects. */
  round(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Resolves when the deletions that rounds have begun are done, or have failed. */
  async deletionsDone(): Promise<void> {
    await this.#deletions
  }

  /** No further rounds; resolves when the one under way has stopped, which is soon. Closing the tenants stops deletions. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The server stops.'))
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
  }

  async #round(): Promise<void> {
    const { tenants, take } = this.#options
    try {
      await tenants.catalogue.refresh()
      const end = await take()
      const turn = end === null ? this.#open() : [...this.#open(), ...this.#next()]
      this.#deletions ??= this.#lookAfter(turn.filter(({ state }) => state === 'deleting')).finally(() => {
        this.#deletions = null
      })
      await this.#lookAfter(turn.filter(({ state }) => state === 'active'))
      await end?.()
    } catch {
      // The store of the server's own does not answer. What is known of tenants is old, and nobody waits: the next round asks again.
    }
  }

  async #lookAfter(turn: readonly Tenant[]): Promise<void> {
    const { tenants, onFault } = this.#options
    for (const tenant of turn) {
      if (this.#stopping.signal.aborted) return
      try {
        await tenants.catalogue.refresh()
        // A round takes long: what was to be done when it began may be wrong by now.
        const now = tenants.catalogue.findById(tenant.id)
        if (now?.state === 'deleting' && tenant.state === 'deleting') await tenants.finishDeletion(now)
        if (now?.state === 'active' && tenant.state === 'active') await collect(tenants, now, this.#stopping.signal)
      } catch (error) {
        if (!this.#stopping.signal.aborted) onFault(error, tenant)
      }
    }
  }

  #open(): readonly Tenant[] {
    const { tenants, openMax } = this.#options
    const open = tenants.catalogue.all.filter((tenant) => tenant.state === 'active' && tenants.isOpen(tenant))
    const turn = turnOf(open, this.#lastOpen, openMax)
    this.#lastOpen = turn.at(-1)?.name ?? ''
    return turn
  }

  #next(): readonly Tenant[] {
    const { tenants, openedMax } = this.#options
    const needOpening = tenants.catalogue.all.filter((tenant) => tenant.state !== 'suspended' && !tenants.isOpen(tenant))
    const turn = turnOf(needOpening, this.#last, openedMax)
    this.#last = turn.at(-1)?.name ?? ''
    return turn
  }
}

/** The next ones behind a name, and from the first one on. They are in the order of their names. */
function turnOf(tenants: readonly Tenant[], last: string, max: number): readonly Tenant[] {
  const behind = tenants.filter(({ name }) => name > last)
  return [...behind, ...tenants.slice(0, tenants.length - behind.length)].slice(0, max)
}

async function collect<T extends OpenTenant>(tenants: Tenants<T>, tenant: Tenant, signal: AbortSignal): Promise<void> {
  const lease = await tenants.use(tenant, { passing: true })
  try {
    await lease.value.collectGarbage(signal)
  } finally {
    lease.release()
  }
}
