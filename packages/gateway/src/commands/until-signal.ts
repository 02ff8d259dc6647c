import type { SignalSource } from './cli-context.ts'

/** Waits for somebody to ask for the end. */
export interface AwaitedSignal {
  readonly received: Promise<void>
  /** Gives the signals back to whoever had them: from then on a second one ends the process at once. */
  forget(): void
}

/** Listens for SIGINT and SIGTERM from now on. The first one resolves; the next ones are the system's again. */
export function untilSignal(source: SignalSource): AwaitedSignal {
  let forget: () => void = () => undefined
  const received = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      forget()
      resolve()
    }
    forget = (): void => {
      source.off('SIGINT', onSignal)
      source.off('SIGTERM', onSignal)
    }
    source.on('SIGINT', onSignal)
    source.on('SIGTERM', onSignal)
  })
  return { received, forget: () => forget() }
}
