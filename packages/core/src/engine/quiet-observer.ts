import type { Observer } from './engine.ts'

/** An observer whose own failures stay its own: one that throws must not stop a heartbeat, or fail a write that is done. */
export function quietObserver(observer: Observer): Observer {
  return {
    event(name, fields) {
      try {
        observer.event(name, fields)
      } catch {
        // There is nobody else to tell: the observer is whom faults are told to.
      }
    },
  }
}
