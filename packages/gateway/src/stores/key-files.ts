import { MASTER_KEY_FILE } from './master-keys.ts'
import { CREDENTIALS_FILE } from './root-credentials.ts'

/** The files of a data directory that are secret as they are: whoever reads them reads what is sealed, and signs as root. */
export const KEY_FILES: readonly string[] = [MASTER_KEY_FILE, CREDENTIALS_FILE]
