import type { CheckName } from './check-names.ts'
import type { Toolbox } from './toolbox.ts'

/** One client of the matrix. */
export interface Client {
  /** As `--only` takes it. */
  readonly name: string
  /** As the table shows it. */
  readonly title: string
  /** It compares before it copies, so that a second sync sends nothing. The libraries have no sync: their drivers walk the tree. */
  readonly hasSync: boolean
  /** What this client cannot do whatever the server does. */
  readonly limits: Readonly<Partial<Record<CheckName, Limit>>>
  /** What a user has to set for it besides endpoint, region, keys and certificate: for the README, like a limit's reason. */
  readonly setting: string | null
  /** What of it is on this machine, or null where nothing is. */
  findVersion(tools: Toolbox): Promise<string | null>
  /** Makes it ready to speak to a server, with files of its own in `target.directory`. */
  connect(tools: Toolbox, target: Target): Promise<Operations>
}

/** What is the client's own fault. The check is run all the same, and has to fail as it says here: no fault of ours hides behind a limit. */
export interface Limit {
  /** For the README: one sentence without its full stop, of which the client is the subject. */
  readonly reason: string
  /** Found in what the check complains about. */
  readonly says: RegExp
}

/** A server, as a client has to know it. */
export interface Target {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials, and of users' sessions. Default: none. */
  readonly sessionToken?: string
  /** What the client makes its credential from, by itself; the keys are empty then. Default: nothing. */
  readonly webIdentity?: WebIdentity
  /** The credential is for objects of a bucket that is there; clients that would make it first must be told. Default false. */
  readonly isForObjects?: boolean
  /** The certificate to trust, as a file of PEM; null over HTTP. */
  readonly caFile: string | null
  /** For the client's configuration and other files. */
  readonly directory: string
}

/** A user's token, and the role that he takes with it. */
export interface WebIdentity {
  readonly roleArn: string
  /** The token as a file: clients read it themselves. */
  readonly tokenFile: string
}

/** What a client is asked to do; each throws with what the client said where it ends badly. */
export interface Operations {
  makeBucket(bucket: string): Promise<void>
  put(place: Place, file: string): Promise<void>
  get(place: Place, file: string): Promise<void>
  /** Every key of the bucket. */
  list(bucket: string): Promise<readonly string[]>
  copy(from: Place, toKey: string): Promise<void>
  /** Writes the bytes from `first` to `last`, both included, to a file, and asks the server for no more than it needs. */
  getRange(place: Place, range: Range, file: string): Promise<void>
  /** Null where the client has nothing of the kind; so is `presignPut`. */
  readonly presignGet: ((place: Place) => Promise<string>) | null
  readonly presignPut: ((place: Place) => Promise<string>) | null
  syncUp(directory: string, folder: Folder): Promise<void>
  syncDown(folder: Folder, directory: string): Promise<void>
  remove(place: Place): Promise<void>
  /** Deletes every object. */
  empty(bucket: string): Promise<void>
  removeBucket(bucket: string): Promise<void>
}

/** Where an object is. */
export interface Place {
  readonly bucket: string
  readonly key: string
}

/** Objects whose keys begin with `prefix/`. */
export interface Folder {
  readonly bucket: string
  /** Without the slash. */
  readonly prefix: string
}

/** Bytes of an object; both ends belong to it. */
export interface Range {
  readonly first: number
  readonly last: number
  /** The bytes before `first`, for a client that can only go on where it stopped. */
  readonly head: Buffer
}
