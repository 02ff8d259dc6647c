/** How many calls one operation has under way: enough to keep a disk busy, too few to starve others of threads. */
const CONCURRENCY = 16

/** Runs `run` on every element, a bounded number at a time; the results keep the order. After a failure nothing new begins. */
export async function mapBounded<T, R>(elements: readonly T[], run: (element: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const left = elements.entries()
  let failed = false
  const work = async (): Promise<void> => {
    for (const [index, element] of left) {
      if (failed) return
      try {
        results[index] = await run(element)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, elements.length) }, work))
  // All have stopped by now: a caller that cleans up after a failure meets nobody.
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  return results
}
