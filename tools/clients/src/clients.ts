import type { Client } from './client.ts'
import { awsCli } from './clients/aws-cli.ts'
import { awsSdk } from './clients/aws-sdk.ts'
import { boto3 } from './clients/boto3.ts'
import { minioGo } from './clients/minio-go.ts'
import { rclone } from './clients/rclone.ts'
import { s3cmd } from './clients/s3cmd.ts'

/** The clients of the matrix, in the order of the table. */
export const CLIENTS: readonly Client[] = [awsSdk, awsCli, boto3, rclone, s3cmd, minioGo]
