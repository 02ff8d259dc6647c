import type { HttpHeader } from '@stowage/http'

/** A case of the aws-signing-test-suite v4 (aws-c-auth), header form, without the cases that remove dot segments: S3 never does. */
export interface SuiteCase {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly target: string
  /** Besides host and x-amz-date. */
  readonly headers: readonly HttpHeader[]
  readonly signedHeaders: string
  readonly signature: string
}

/** AKIDEXAMPLE, us-east-1, service `service`, the secret with a plus. */
export const SUITE_AMZ_DATE = '20150830T123600Z'

const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PLAIN = 'host;x-amz-date'
const MINE = 'host;my-header1;x-amz-date'
const FORM = 'content-length;content-type;host;x-amz-content-sha256;x-amz-date'
const TOKEN = '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267'
const FORM_SHA256 = '9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e'

function get(name: string, target: string, signature: string): SuiteCase {
  return { name, method: 'GET', target, headers: [], signedHeaders: PLAIN, signature }
}

function mine(name: string, method: 'GET' | 'POST', values: readonly string[], signature: string): SuiteCase {
  return { name, method, target: '/', headers: values.map((value) => ['my-header1', value] as const), signedHeaders: MINE, signature }
}

function form(name: string, contentType: string, signature: string): SuiteCase {
  const headers: HttpHeader[] = [
    ['content-type', contentType],
    ['content-length', '13'],
    ['x-amz-content-sha256', FORM_SHA256],
  ]
  return { name, method: 'POST', target: '/', headers, signedHeaders: FORM, signature }
}

export const SUITE: readonly SuiteCase[] = [
  get('get-vanilla', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'),
  get('get-relative-unnormalized', '/example/..', 'eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282'),
  get('get-relative-relative-unnormalized', '/example1/example2/../..', 'dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b'),
  get('get-slash-dot-slash-unnormalized', '/./', '68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145'),
  get('get-slash-pointless-dot-unnormalized', '/./example', 'beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff'),
  get('get-slash-unnormalized', '//', 'c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e'),
  get('get-slashes-unnormalized', '//example//', '87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5'),
  get('get-space-unnormalized', '/example space/', '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741'),
  get('get-unreserved', `/${UNRESERVED}`, '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f'),
  get('get-utf8', '/\xe1\x88\xb4', '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'),
  get('get-vanilla-empty-query-key', '/?Param1=value1', 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb'),
  get(
    'get-vanilla-query-order-encoded',
    '/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1',
    '371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac',
  ),
  get(
    'get-vanilla-query-order-key-case',
    '/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ),
  get('get-vanilla-query-unreserved', `/?${UNRESERVED}=${UNRESERVED}`, '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197'),
  get('get-vanilla-utf8-query', '/?\xe1\x88\xb4=bar', '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04'),
  mine(
    'get-header-key-duplicate',
    'GET',
    ['value2', 'value2', 'value1'],
    'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  ),
  mine(
    'get-header-value-multiline',
    'GET',
    ['value1\r\n  value2\r\n     value3'],
    'cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd',
  ),
  mine(
    'get-header-value-order',
    'GET',
    ['value4', 'value1', 'value3', 'value2'],
    '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  ),
  {
    name: 'get-header-value-trim',
    method: 'GET',
    target: '/',
    headers: [
      ['my-header1', ' value1'],
      ['my-header2', ' "a   b   c"'],
    ],
    signedHeaders: 'host;my-header1;my-header2;x-amz-date',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'get-vanilla-with-session-token',
    method: 'GET',
    target: '/',
    headers: [['x-amz-security-token', TOKEN]],
    signedHeaders: 'host;x-amz-date;x-amz-security-token',
    signature: '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    target: '/',
    headers: [],
    signedHeaders: PLAIN,
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-vanilla-query',
    method: 'POST',
    target: '/?Param1=value1',
    headers: [],
    signedHeaders: PLAIN,
    signature: '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
  },
  mine('post-header-key-sort', 'POST', ['value1'], 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c'),
  mine('post-header-value-case', 'POST', ['VALUE1'], 'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d'),
  form(
    'post-x-www-form-urlencoded-parameters',
    'application/x-www-form-urlencoded; charset=utf-8',
    '328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422',
  ),
  form(
    'post-x-www-form-urlencoded',
    'application/x-www-form-urlencoded',
    'd3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b',
  ),
]
