/** Counts the requests of each tenant, so that one cannot take all there is. */
export class RequestSlots {
  readonly #taken = new Map<string, number>()

  /** Takes a slot; null where the tenant has as many as it may. What it gives back frees it; calling that twice is fine. */
  take(id: string, max: number): (() => void) | null {
    const taken = this.#taken.get(id) ?? 0
    if (taken >= max) return null
    this.#taken.set(id, taken + 1)
    let free = false
    return () => {
      if (free) return
      free = true
      const now = (this.#taken.get(id) ?? 1) - 1
      if (now === 0) this.#taken.delete(id)
      else this.#taken.set(id, now)
    }
  }
}
