import { FACET_NAMES } from '@stowage/core/backend'
import type { Backend } from '@stowage/core/backend'
import type { Suite } from '../case.ts'
import { abortCases } from './abort.ts'
import { atomicityCases } from './atomicity.ts'
import { concurrencyCases } from './concurrency.ts'
import { copyCases } from './copy.ts'
import { deleteCases } from './delete.ts'
import { errorCases } from './errors.ts'
import { getCases } from './get.ts'
import { joinCases } from './join.ts'
import { keyCases } from './keys.ts'
import { listCases } from './list.ts'
import { presignCases } from './presign.ts'
import { putCases } from './put.ts'
import { rangeCases } from './ranges.ts'
import { unfinishedCases } from './unfinished.ts'

/** What every backend must pass; `open` gives one that `init` was not yet called on. */
export const backendCases: Suite<Backend> = {
  name: 'backend',
  cases: [
    ...putCases,
    ...getCases,
    ...rangeCases,
    ...deleteCases,
    ...listCases,
    ...keyCases,
    ...atomicityCases,
    ...abortCases,
    ...concurrencyCases,
    ...errorCases,
    ...copyCases,
    ...joinCases,
    ...unfinishedCases,
    ...presignCases,
  ],
  facetsOf: (backend) => FACET_NAMES.filter((name) => backend[name] !== undefined),
  start: (backend) => backend.init(),
  stop: (backend) => backend.close(),
}
