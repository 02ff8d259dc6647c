/** Known answers of AWS's own documentation and of aws-c-auth. Facts, each recomputed by an independent implementation. */

export const ACCESS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE'
/** With slashes. The signing suite's secret has a plus in the first place. */
export const SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
export const SUITE_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
export const SIGNED_AT = '2013-05-24T00:00:00Z'
export const AMZ_DATE = '20130524T000000Z'
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const HOST = 'examplebucket.s3.amazonaws.com'

export interface HeaderVector {
  readonly name: string
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly signature: string
}

/** AmazonS3/latest/API sig-v4-header-based-auth. Every header is signed. */
export const HEADER_VECTORS: readonly HeaderVector[] = [
  {
    name: 'GET object',
    method: 'GET',
    target: '/test.txt',
    headers: [
      ['host', HOST],
      ['range', 'bytes=0-9'],
      ['x-amz-content-sha256', EMPTY_SHA256],
      ['x-amz-date', AMZ_DATE],
    ],
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT object',
    method: 'PUT',
    target: '/test%24file.text',
    headers: [
      ['date', 'Fri, 24 May 2013 00:00:00 GMT'],
      ['host', HOST],
      ['x-amz-content-sha256', '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'],
      ['x-amz-date', AMZ_DATE],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    ],
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET bucket lifecycle',
    method: 'GET',
    target: '/?lifecycle',
    headers: [
      ['host', HOST],
      ['x-amz-content-sha256', EMPTY_SHA256],
      ['x-amz-date', AMZ_DATE],
    ],
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'list objects',
    method: 'GET',
    target: '/?max-keys=2&prefix=J',
    headers: [
      ['host', HOST],
      ['x-amz-content-sha256', EMPTY_SHA256],
      ['x-amz-date', AMZ_DATE],
    ],
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
]

/** AmazonS3/latest/API sigv4-streaming: 65,536 and 1,024 bytes of "a". */
export const CHUNKED = {
  headers: [
    ['content-encoding', 'aws-chunked'],
    ['content-length', '66824'],
    ['host', 's3.amazonaws.com'],
    ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['x-amz-date', AMZ_DATE],
    ['x-amz-decoded-content-length', '66560'],
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
  ],
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  chunks: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
} as const

/** AmazonS3/latest/API sigv4-streaming-trailers: the same bytes. */
export const TRAILER = {
  headers: [
    ['content-encoding', 'aws-chunked'],
    ['host', 's3.amazonaws.com'],
    ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
    ['x-amz-date', AMZ_DATE],
    ['x-amz-decoded-content-length', '66560'],
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    ['x-amz-trailer', 'x-amz-checksum-crc32c'],
  ],
  seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
  trailer: 'x-amz-checksum-crc32c:sOO8/Q==',
  signature: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  /** What the page said for years: computed with the algorithm line of a chunk. Must be refused. */
  wrongSignature: '63bddb248ad2590c92712055f51b8e78ab024eead08276b24f010b0efd74843f',
} as const

/** aws-c-auth, test_chunked_signing: three trailers behind the final chunk of `CHUNKED`. */
export const THREE_TRAILERS = {
  canonical: 'first:1st\nsecond:2nd\nthird:3rd\n',
  signature: 'df5735bd9f3295cd9386572292562fefc93ba94e80a0a1ddcbd652c4e0a75e6c',
} as const

/** AWS: "Deriving the signing key", us-east-1/iam. */
export const SIGNING_KEYS = [
  ['20120215', 'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d'],
  ['20150830', 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9'],
] as const
