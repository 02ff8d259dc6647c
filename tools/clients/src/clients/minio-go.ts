import type { Client } from '../client.ts'
import { driverOperations } from '../driver-operations.ts'
import { findProgram, getProgram, versionFrom } from '../toolbox.ts'

/** As `tools/clients/install.sh` names what it builds of `drivers/minio-go`. */
const DRIVER = 'minio-go-driver'

export const minioGo: Client = {
  name: 'minio-go',
  title: 'minio-go',
  hasSync: false,
  limits: {},
  setting: null,
  findVersion: async (tools) => {
    const program = await findProgram(tools, 'bin', DRIVER)
    return program === null ? null : versionFrom(program, ['version'])
  },
  connect: async (tools, target) => driverOperations([await getProgram(tools, 'bin', DRIVER)], target),
}
