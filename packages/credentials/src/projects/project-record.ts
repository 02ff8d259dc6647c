import type { JsonObject, JsonValue } from '@stowage/core'
import { isJsonObject } from '../read-json-object.ts'
import { damaged, Fields } from '../stored/fields.ts'
import type { RecordKind } from '../stored/stored-records.ts'
import type { ProjectInfo } from './project.ts'

/** What the document of a project says. */
export type ProjectRecord = ProjectInfo

/** Where projects are kept. */
export const PROJECT_KIND: RecordKind<ProjectRecord> = {
  kind: 'project',
  use: null,
  gone: 'deleted-project',
  encode: encodeProject,
  decode: decodeProject,
}

function encodeProject({ jwks, jwtSecrets, anonKeys, createdAt, ...rest }: ProjectRecord): JsonValue {
  return {
    ...rest,
    // JSON they were.
    jwks: jwks as readonly JsonValue[],
    jwtSecrets: jwtSecrets.map((secret) => ({ ...secret, createdAt: secret.createdAt.getTime(), expiresAt: millis(secret.expiresAt) })),
    anonKeys: anonKeys.map(({ key, expiresAt }) => ({ key, expiresAt: millis(expiresAt) })),
    createdAt: createdAt.getTime(),
  }
}

function decodeProject(body: JsonValue): ProjectRecord {
  const fields = new Fields(body)
  return {
    ref: fields.text('ref'),
    account: fields.text('account'),
    description: fields.textOrNull('description'),
    jwtSecrets: fields.list('jwtSecrets').map((each) => {
      const secret = new Fields(each)
      return { id: secret.text('id'), createdAt: secret.time('createdAt'), expiresAt: secret.timeOrNull('expiresAt') }
    }),
    jwks: fields.list('jwks').map(objectOf),
    jwksUrl: fields.textOrNull('jwksUrl'),
    issuers: fields.textsOrNull('issuers'),
    audiences: fields.textsOrNull('audiences'),
    anonKeys: fields.list('anonKeys').map((each) => {
      const key = new Fields(each)
      return { key: key.text('key'), expiresAt: key.timeOrNull('expiresAt') }
    }),
    presignWithUserJwt: fields.oneOf('presignWithUserJwt', ['allow', 'deny']),
    createdAt: fields.time('createdAt'),
  }
}

function objectOf(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw damaged()
  return value
}

function millis(time: Date | null): number | null {
  return time?.getTime() ?? null
}
