import { isTest } from './imports.ts'
import type { Check, RepoFile, Violation } from './repository.ts'
import { lineAt, readSource } from './source-text.ts'

interface Ban {
  readonly pattern: RegExp
  /** In which files it is banned. */
  readonly where: (path: string) => boolean
  /** What to write instead. */
  readonly instead: string
  /** Files that may, with the reason why. A file that no longer does is reported. */
  readonly except: Readonly<Record<string, string>>
}

const inLibrary = (path: string): boolean => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !isTest(path)
const inProtocols = (path: string): boolean => inLibrary(path) && /^packages\/(?:http|[\w]+-protocol)\//.test(path)
const anywhere = (path: string): boolean => path.endsWith('.ts')

/** Laws 3, 7 and 11, and what S3 keys do not survive. Patterns look at code only: comments and strings are blank. */
export const BANS: readonly Ban[] = [
  {
    pattern: /\bprocess\s*\.\s*(?:env|argv|cwd)\b/g,
    where: inLibrary,
    instead: 'libraries never look around: take an option; the gateway reads the environment in main.ts',
    except: {
      'packages/gateway/src/main.ts': 'the one reader of the environment and the command line',
    },
  },
  { pattern: /\bconsole\s*\./g, where: inLibrary, instead: 'take an observer; the gateway writes to its streams', except: {} },
  {
    pattern: /\bDate\.now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s\w(]))|(?<!new\s)\bDate\s*\(\s*\)/g,
    where: inLibrary,
    instead: 'take a clock',
    except: { 'packages/core/src/util/clock.ts': 'the default clock' },
  },
  {
    pattern: /\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int|FillSync|Fill)\b|\bgetRandomValues\b/g,
    where: inLibrary,
    instead: 'take ids',
    except: {
      'packages/core/src/util/ids.ts': 'the default source of ids',
      'packages/core/src/util/secret-bytes.ts': 'keys and nonces: they must not come from a source that a test or an embedder can set',
      'packages/s3-protocol/src/request-ids.ts': 'the one source of request ids: a name for logs, no decision hangs on it',
      'packages/credentials/src/secret-bytes.ts':
        'the one source of secrets: they must not come from one that a test or an embedder can set',
    },
  },
  {
    pattern: /\bvi\s*\.\s*(?:mock|doMock|stubGlobal)\b/g,
    where: anywhere,
    instead: 'use the memory backend or a temporary store',
    except: {},
  },
  {
    pattern: /\binstanceof\s+\w*Backend\b/g,
    where: anywhere,
    instead: 'ask for the facet: closed types shut out wrappers and strangers',
    except: {},
  },
  { pattern: /\bas\s+any\b|<any>/g, where: anywhere, instead: 'write a parse function that returns the type', except: {} },
  {
    pattern: /\bJSON\s*\.\s*parse\b/g,
    where: inLibrary,
    instead: 'bytes from outside go through a parse function that checks each field; name the file here if this is one',
    except: {
      'packages/core/src/access/policy-documents.ts':
        'reads predicates that this store wrote itself, and has them parsed as when they were put',
      'packages/core/src/policy/bucket-policy/parse-bucket-policy.ts':
        'the parse function of bucket policies: refuses every field that it does not know',
      'packages/core/src/policy/duplicate-member.ts': 'takes a name out of its quotes, to compare it with another',
      'packages/core/src/metadata/sql/json-column.ts': 'reads columns that this store wrote itself, as unknown',
      'packages/backend-gcs/src/read-json.ts': 'reads answers of the service as objects of unknown fields; object-facts.ts checks each',
      'packages/credentials/src/read-json-object.ts': 'reads what is in a token or a key set, as an object of unknown fields',
      'packages/s3-protocol/src/forms/post-policy.ts': 'the parse function of POST policies: refuses every field that it does not know',
      'packages/gateway/src/administration/control-client.ts':
        'reads what another process of this package wrote to a socket that only its user can open',
      'packages/gateway/src/administration/control-body.ts': 'the parse function of what comes over that socket',
      'packages/gateway/src/commands/parse-flag.ts': 'the parse functions of the command line; a scope is read by its codec',
      'packages/gateway/src/commands/read-relations.ts': 'the parse function of a file of relations: each is checked by parseRelation',
      'packages/gateway/src/serving/config-file.ts':
        'the parse function of the config file: checks each field, and refuses those that it does not know',
      'packages/gateway/src/administration/backups/json-file.ts':
        'the parse function of files of JSON: their fields are checked one by one',
      'packages/gateway/src/stores/root-credentials.ts': 'the parse function of the credentials file: checks both fields',
      'packages/policy-sql/src/literal.ts': 'the parse function of a constant of jsonb: any JSON is one',
    },
  },
  {
    pattern: /\bnew\s+URL\s*\(/g,
    where: inProtocols,
    instead: 'WHATWG URL rewrites targets ("a/../b", "%2e"): what is signed and served is the raw target',
    except: { 'packages/s3-protocol/src/public-url.ts': 'reads an address that an operator configured, never a request' },
  },
  {
    pattern:
      /\b(?:it|test|describe|suite|bench)\s*\.\s*(?:concurrent\s*\.\s*)?(?:skip|skipIf|runIf|only|todo|fails)\b|\b(?:context|ctx|task)\s*\.\s*skip\s*\(/g,
    where: anywhere,
    instead: 'a test runs or does not exist: what it needs and does not find is a failure',
    except: {},
  },
]

/** Laws 3, 7 and 11: words that have a better one. */
export const bannedCalls: Check = (files) => BANS.flatMap((ban) => [...uses(ban, files), ...staleExceptions(ban, files)])

function uses(ban: Ban, files: readonly RepoFile[]): readonly Violation[] {
  return files
    .filter((file) => ban.where(file.path) && ban.except[file.path] === undefined)
    .flatMap((file) => matches(ban, file).map((found) => ({ path: file.path, line: found.line, message: `${found.text}: ${ban.instead}` })))
}

function matches(ban: Ban, file: RepoFile): readonly { readonly text: string; readonly line: number }[] {
  const { code } = readSource(file.text)
  return [...code.matchAll(ban.pattern)].map((match) => ({
    text: match[0].replaceAll(/\s+/g, ' ').trim(),
    line: lineAt(code, match.index),
  }))
}

/** An exception that nobody needs any more is an open door. */
function staleExceptions(ban: Ban, files: readonly RepoFile[]): readonly Violation[] {
  return files
    .filter((file) => ban.except[file.path] !== undefined && matches(ban, file).length === 0)
    .map((file) => ({
      path: file.path,
      line: 1,
      message: `no longer needs its exception in tools/tidy/src/banned-calls.ts: ${ban.pattern}`,
    }))
}
