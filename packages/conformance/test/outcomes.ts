import { runCases } from '../src/index.ts'
import type { RunCasesOptions, Suite } from '../src/index.ts'

/** Runs a suite as a runner would, and gives the outcome of each test by its name. */
export async function outcomes<S>(suite: Suite<S>, options: RunCasesOptions<S>): Promise<Map<string, 'passed' | 'failed'>> {
  const tests: { name: string; run: () => Promise<void> }[] = []
  runCases((name, run) => tests.push({ name, run }), suite, options)
  const results = new Map<string, 'passed' | 'failed'>()
  for (const { name, run } of tests) {
    await run().then(
      () => results.set(name, 'passed'),
      () => results.set(name, 'failed'),
    )
  }
  return results
}

/** The names of those that failed. */
export function failed(results: ReadonlyMap<string, string>): string[] {
  return [...results].filter(([, outcome]) => outcome === 'failed').map(([name]) => name)
}

/** An object that breaks some of its promises: the methods named, and the rest as ever. */
export function breaking<T extends object>(inner: T, change: (inner: T) => Partial<T>): T {
  const changes = change(inner)
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
