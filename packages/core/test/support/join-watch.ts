import type { Observer } from '../../src/engine/engine.ts'

/** Hears of the joins that an engine does behind its calls. */
export interface JoinWatch {
  /** To be given to the engine. */
  readonly observer: Observer
  /** Every event of it, by name. */
  readonly events: readonly string[]
  /** Resolves when no join is under way, and none waits. */
  idle(): Promise<void>
}

export function joinWatch(): JoinWatch {
  const events: string[] = []
  let underWay = 0
  let whenIdle: (() => void)[] = []
  const count = (by: number): void => {
    underWay += by
    if (underWay > 0) return
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }
  return {
    events,
    observer: {
      event: (name) => {
        events.push(name)
        if (name === 'join.queued') count(1)
        if (name === 'join.ended') count(-1)
      },
    },
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => void whenIdle.push(resolve))),
  }
}
