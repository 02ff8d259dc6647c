import type { Backend } from '@stowage/core/backend'
import { onTestFinished } from 'vitest'
import { gcsBackend } from '../../src/gcs-backend.ts'
import type { GcsBackendOptions } from '../../src/options.ts'
import { startServer } from './scripted-server.ts'
import type { Received, Reply, Script, ScriptedServer } from './scripted-server.ts'

/** A backend that is ready, and the service behind it. */
export interface Opened {
  readonly backend: Backend
  readonly service: ScriptedServer
  /** What came since `init`. */
  readonly received: () => readonly Received[]
  stop(): Promise<void>
}

const BUCKET: Reply = { body: JSON.stringify({ name: 'blobs' }) }

/**
 * Opens a backend on a scripted service, which answers `init` as a plain bucket does and then follows the script. Both end with the test, or
 * with `stop`.
 */
export async function openOn(
  script: Script | ((received: Received, number: number) => Reply),
  options: Partial<GcsBackendOptions> = {},
): Promise<Opened> {
  const service = await startServer((received, number) => {
    if (number === 0) return BUCKET
    if (typeof script === 'function') return script(received, number - 1)
    const step = script[Math.min(number - 1, script.length - 1)] ?? {}
    return typeof step === 'function' ? step(received) : step
  })
  const backend = gcsBackend({
    bucket: 'blobs',
    apiEndpoint: service.url,
    retryDelaySeconds: 0.001,
    attemptsMax: 4,
    idleTimeoutSeconds: 10,
    ...options,
  })
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => (stopping ??= backend.close().finally(() => service.stop()))
  onTestFinished(stop)
  await backend.init()
  return { backend, service, received: () => service.received.slice(1), stop }
}
