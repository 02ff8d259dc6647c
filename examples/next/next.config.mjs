/** @type {import('next').NextConfig} */
export default {
  // Core starts worker threads from files beside its own, and loads native add-ons: both stay where npm put them.
  serverExternalPackages: ['@stowage/backend-fs', '@stowage/core', '@stowage/http', '@stowage/s3-protocol'],
  // Keys may end in a slash. Next would answer 308, and a signature does not survive that.
  skipTrailingSlashRedirect: true,
  // An object is what its ETag, its length and its ranges say: not a gzip of it.
  compress: false,
}
