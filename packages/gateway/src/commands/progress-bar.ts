import type { CliOutput } from './cli-context.ts'

/** A line that shows how far something has come. Writes nothing where nobody is looking. */
export interface ProgressBar {
  readonly update: (done: number, total: number, label: string) => void
  /** Takes the line away again. */
  readonly end: () => void
}

const WIDTH = 24
const REDRAW_EVERY_MS = 100

/** Makes a progress bar on a terminal; on anything else it stays silent. `now` is milliseconds, of any epoch. */
export function progressBar(output: CliOutput, now: () => number): ProgressBar {
  if (output.isTTY !== true) return { update: () => undefined, end: () => undefined }
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    update(done, total, label) {
      const at = now()
      if (done < total && at - drawnAt < REDRAW_EVERY_MS) return
      drawnAt = at
      const share = total === 0 ? 1 : Math.min(1, done / total)
      const filled = Math.round(share * WIDTH)
      const line = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)}% ${label}`
      output.write(`\r\u001B[2K${line.slice(0, (output.columns ?? 80) - 1)}`)
    },
    end: () => void output.write('\r\u001B[2K'),
  }
}
