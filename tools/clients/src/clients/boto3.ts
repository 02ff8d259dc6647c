import { fileURLToPath } from 'node:url'
import type { Client } from '../client.ts'
import { driverOperations } from '../driver-operations.ts'
import { findProgram, getProgram, versionFrom } from '../toolbox.ts'

const DRIVER = fileURLToPath(new URL('../../drivers/boto3-driver.py', import.meta.url))

export const boto3: Client = {
  name: 'boto3',
  title: 'boto3',
  hasSync: false,
  limits: {},
  setting: 'signs URLs with the old SigV2, which Stowage refuses, where the region is us-east-1: `Config(signature_version="s3v4")`',
  findVersion: async (tools) => {
    const python = await findProgram(tools, 'venv/bin', 'python3')
    return python === null ? null : versionFrom(python, [DRIVER, 'version'])
  },
  connect: async (tools, target) => driverOperations([await getProgram(tools, 'venv/bin', 'python3'), DRIVER], target),
}
