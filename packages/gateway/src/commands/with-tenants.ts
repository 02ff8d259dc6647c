import { resolve } from 'node:path'
import type { Administration } from '../administration/administration.ts'
import { copyBackend } from '../administration/copy-backend.ts'
import { administerTenants, administrationOfServer } from '../administration/tenants-administration.ts'
import type { TenantsAdministration } from '../administration/tenants-administration.ts'
import { assembleTenants } from '../serving/assemble-tenants.ts'
import { completeLimits } from '../serving/limits.ts'
import { masterKeysFor } from '../stores/master-keys.ts'
import { metadataFromEnvironment } from '../stores/stores.ts'
import type { AskedStore } from './with-administration.ts'

/** What an operator may ask of a server with tenants. */
export interface OpenedTenants {
  /** Of itself. */
  readonly administration: Administration
  readonly tenants: TenantsAdministration
}

/** Opens the tenants of a directory that nobody serves, and closes them afterwards. `migrate` makes them where there are none yet. */
export async function withTenants<T>(
  store: AskedStore & { readonly migrate: boolean },
  use: (opened: OpenedTenants) => Promise<T>,
): Promise<T> {
  const directory = resolve(store.directory)
  const metadata = store.metadata ?? metadataFromEnvironment(store.env)
  const { tenants, shared, close } = await assembleTenants({
    directory,
    ...(metadata === undefined ? {} : { metadata }),
    ...(store.schema === undefined ? {} : { schema: store.schema }),
    migrate: store.migrate,
    masterKeys: masterKeysFor(store.env, directory),
    // Nothing is served.
    region: 'us-east-1',
    limits: completeLimits({}),
    observer: { event: () => undefined },
  })
  try {
    return await use({
      administration: administrationOfServer((request, asked) => copyBackend(shared, request, asked)),
      tenants: administerTenants(tenants),
    })
  } finally {
    await close()
  }
}
