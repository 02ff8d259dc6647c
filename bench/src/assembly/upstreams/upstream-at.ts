import type { UpstreamAddress } from '../cell.ts'
import type { Upstream } from './upstream.ts'

/** The upstream at an address. Loaded where it is used: no process is charged for the memory of a vendor's code that it does not need. */
export async function upstreamAt(address: UpstreamAddress): Promise<Upstream> {
  switch (address.kind) {
    case 'fs': {
      const { FsUpstream } = await import('./fs-upstream.ts')
      return new FsUpstream()
    }
    case 's3': {
      const { S3Upstream } = await import('./s3-upstream.ts')
      return new S3Upstream(address)
    }
    case 'gcs': {
      const { GcsUpstream } = await import('./gcs-upstream.ts')
      return new GcsUpstream(address)
    }
  }
}
