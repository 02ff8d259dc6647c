/**
 * Memory of parts that have arrived, kept for the next ones: what is allocated anew each time costs the system pages and the runtime its
 * collector. Keeps `keptMax` buffers of one size.
 */
export class PartBuffers {
  readonly #size: number
  readonly #keptMax: number
  readonly #free: Buffer[] = []

  constructor({ size, keptMax }: { readonly size: number; readonly keptMax: number }) {
    this.#size = size
    this.#keptMax = keptMax
  }

  /** At least so many bytes, with anything in them. Much smaller ones than are kept here are made for the occasion. */
  take(size: number): Buffer {
    if (size > this.#size || size <= this.#size / 2) return Buffer.allocUnsafeSlow(size)
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size)
  }

  /** Nobody reads it, or writes to it, any more. */
  giveBack(buffer: Buffer): void {
    if (buffer.length === this.#size && this.#free.length < this.#keptMax) this.#free.push(buffer)
  }
}
