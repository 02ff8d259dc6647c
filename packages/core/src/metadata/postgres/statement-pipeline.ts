/**
 * Statements of one transaction that are sent before those in front of them have answered. Only over a connection that sends at once
 * (`PostgresClient.pipeline`): in the queue of any other one that fails to be sent would be passed over by those behind it.
 */
export class StatementPipeline {
  readonly #sendsAhead: boolean
  readonly #sent = new Set<Promise<void>>()
  #answered = false
  #failed = false
  #failure: unknown = null

  constructor(sendsAhead: boolean) {
    this.#sendsAhead = sendsAhead
  }

  /** The first failure of what was sent ahead, or of what was waited for; null where there was none. */
  get failure(): { readonly error: unknown } | null {
    return this.#failed ? { error: this.#failure } : null
  }

  /** How many have been sent and have not answered. */
  get ahead(): number {
    return this.#sent.size
  }

  /** Whether one that was waited for has answered: then all before it were taken, the BEGIN first of all. */
  get answered(): boolean {
    return this.#answered
  }

  /** A statement whose rows nobody needs. Its failure is that of the next one that is waited for. */
  async send(answer: Promise<unknown>): Promise<void> {
    if (!this.#sendsAhead) return void (await this.wait(answer))
    const heard = answer.then(
      () => void this.#sent.delete(heard),
      (error: unknown) => {
        this.#sent.delete(heard)
        this.#fail(error)
      },
    )
    this.#sent.add(heard)
  }

  /** A statement whose rows are needed. Rejects with the first failure: after it all others are told only that there was one. */
  async wait<T>(answer: Promise<T>): Promise<T> {
    try {
      const result = await answer
      await this.settled()
      if (!this.#failed) {
        this.#answered = true
        return result
      }
    } catch (error) {
      await this.settled()
      this.#fail(error)
    }
    throw this.#failure
  }

  /** All that was sent has answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#sent)
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#failure = error
  }
}
