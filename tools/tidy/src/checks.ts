import { dependenciesAreAllowed } from './allowed-dependencies.ts'
import { bannedCalls } from './banned-calls.ts'
import { documentedExports } from './documented-exports.ts'
import { fileNames } from './file-names.ts'
import { importDirections } from './import-directions.ts'
import { lawsEnforced } from './laws-enforced.ts'
import { linksInDocs } from './links-in-docs.ts'
import { listedExports } from './listed-exports.ts'
import { matchedPatterns } from './matched-patterns.ts'
import { pathsInDocs } from './paths-in-docs.ts'
import { reachableFiles } from './reachable-files.ts'
import { registeredOperations } from './registered-operations.ts'
import { registryHosts } from './registry-hosts.ts'
import type { Check } from './repository.ts'
import { sizes } from './sizes.ts'

/** Every law that a machine can read, by the name of the file that holds it. */
export const CHECKS: Readonly<Record<string, Check>> = {
  'allowed-dependencies': dependenciesAreAllowed,
  'banned-calls': bannedCalls,
  'documented-exports': documentedExports,
  'file-names': fileNames,
  'import-directions': importDirections,
  'laws-enforced': lawsEnforced,
  'links-in-docs': linksInDocs,
  'listed-exports': listedExports,
  'matched-patterns': matchedPatterns,
  'paths-in-docs': pathsInDocs,
  'reachable-files': reachableFiles,
  'registered-operations': registeredOperations,
  'registry-hosts': registryHosts,
  sizes,
}
