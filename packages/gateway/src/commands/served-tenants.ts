import type { Logger } from 'pino'
import { copyBackend } from '../administration/copy-backend.ts'
import { administerTenants, administrationOfServer } from '../administration/tenants-administration.ts'
import { assembleTenants } from '../serving/assemble-tenants.ts'
import type { AssembledTenant, AssembledTenants } from '../serving/assemble-tenants.ts'
import { makeDataDirectory } from '../stores/make-data-directory.ts'
import { masterKeysFor } from '../stores/master-keys.ts'
import { TenantRounds } from '../tenants/tenant-rounds.ts'
import type { TenantRoundsOptions } from '../tenants/tenant-rounds.ts'
import type { Tenants } from '../tenants/tenants.ts'
import type { ServeOptions } from './serve-command.ts'
import { COLLECT_EVERY_SECONDS } from './served.ts'
import type { Served } from './served.ts'
import { doorOf, placesOf } from './served-store.ts'
import type { OpenServedOptions } from './served-store.ts'

/** Tenants that are opened in each round for the work in the background: a thousand are seen in a quarter of an hour. */
const OPENED_PER_ROUND = 32
/** As many as are open by default: each collection takes some commits. */
const OPEN_PER_ROUND = 128
/** What other servers have changed. */
const HEAR_EVERY_SECONDS = 1

/** Opens the tenants of a directory, which is made where it is missing. */
export async function openTenants({
  options,
  context,
  directory,
  metadata,
  accounts,
  limits,
  observer,
}: OpenServedOptions): Promise<Served> {
  const kept = checkTenants({ ...options, directory }, accounts.length)
  await makeDataDirectory(kept)
  const { tenants, handler, shared, isServing, takeRound, close } = await assembleTenants({
    ...placesOf({ options, context, metadata }),
    directory: kept,
    masterKeys: masterKeysFor(context.env, kept),
    ...(options.tenantDomain === undefined ? {} : { tenantDomain: options.tenantDomain }),
    ...doorOf(options, limits),
    limits,
    observer,
  })
  return {
    handler,
    isServing,
    administration: administrationOfServer((request, asked) => copyBackend(shared, request, asked)),
    tenants: administerTenants(tenants),
    credentials: null,
    work: (log) => lookAfter(tenants, { log, takeRound, hearEverySeconds: metadata === undefined ? null : HEAR_EVERY_SECONDS }),
    close,
  }
}

function lookAfter(
  tenants: Tenants<AssembledTenant>,
  {
    log,
    ...how
  }: Pick<TenantRoundsOptions<AssembledTenant>, 'hearEverySeconds'> & Pick<AssembledTenants, 'takeRound'> & { readonly log: Logger },
): () => Promise<void> {
  const rounds = new TenantRounds({
    tenants,
    everySeconds: COLLECT_EVERY_SECONDS,
    openedMax: OPENED_PER_ROUND,
    openMax: OPEN_PER_ROUND,
    take: how.takeRound,
    hearEverySeconds: how.hearEverySeconds,
    onFault: (error, { name }) => log.warn({ err: error, tenant: name }, 'a tenant was not looked after, it will be tried again'),
  })
  rounds.start()
  return () => rounds.stop()
}

/** What goes with one store only. */
function checkTenants({ directory, bucket }: Pick<ServeOptions, 'directory' | 'bucket'>, accounts: number): string {
  if (directory === null) throw new Error('--memory keeps nothing, and tenants are kept. Leave one of them out.')
  if (bucket.length > 0) throw new Error('Buckets are made in a tenant: leave --bucket out.')
  if (accounts > 0) throw new Error('Accounts of a config file belong to no tenant: leave them out, and make keys with --tenant.')
  return directory
}
