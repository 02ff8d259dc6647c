import type { Operation } from '../operation.ts'
import { abortMultipartUpload } from './abort-multipart-upload.ts'
import { CONFIGURATION_OPERATIONS } from './configurations.ts'
import { completeMultipartUpload } from './complete-multipart-upload.ts'
import { copyObject } from './copy-object.ts'
import { createBucket } from './create-bucket.ts'
import { createMultipartUpload } from './create-multipart-upload.ts'
import { deleteBucketPolicy } from './delete-bucket-policy.ts'
import { deleteBucket } from './delete-bucket.ts'
import { deleteObject } from './delete-object.ts'
import { deleteObjects } from './delete-objects.ts'
import { getBucketPolicyStatus } from './get-bucket-policy-status.ts'
import { getBucketPolicy } from './get-bucket-policy.ts'
import { getBucketLocation } from './get-bucket-location.ts'
import { getObjectAttributes } from './get-object-attributes.ts'
import { getObject } from './get-object.ts'
import { headBucket } from './head-bucket.ts'
import { headObject } from './head-object.ts'
import { listBuckets } from './list-buckets.ts'
import { listMultipartUploads } from './list-multipart-uploads.ts'
import { listObjectVersions } from './list-object-versions.ts'
import { listObjectsV2 } from './list-objects-v2.ts'
import { listObjects } from './list-objects.ts'
import { listParts } from './list-parts.ts'
import { postObject } from './post-object.ts'
import { putBucketAcl, putObjectAcl } from './put-acl.ts'
import { putBucketPolicy } from './put-bucket-policy.ts'
import { putBucketVersioning } from './put-bucket-versioning.ts'
import { putObject } from './put-object.ts'
import { uploadPartCopy } from './upload-part-copy.ts'
import { uploadPart } from './upload-part.ts'

/** Every operation that this door answers. The order means nothing. */
export const OPERATIONS: readonly Operation[] = [
  abortMultipartUpload,
  completeMultipartUpload,
  copyObject,
  createBucket,
  createMultipartUpload,
  deleteBucket,
  deleteBucketPolicy,
  deleteObject,
  deleteObjects,
  getBucketLocation,
  getBucketPolicy,
  getBucketPolicyStatus,
  getObject,
  getObjectAttributes,
  headBucket,
  headObject,
  listBuckets,
  listMultipartUploads,
  listObjectVersions,
  listObjects,
  listObjectsV2,
  listParts,
  postObject,
  putBucketAcl,
  putBucketPolicy,
  putBucketVersioning,
  putObject,
  putObjectAcl,
  uploadPart,
  uploadPartCopy,
  ...CONFIGURATION_OPERATIONS,
]
