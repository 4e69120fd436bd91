/** Where blobs lie in an S3, as settings say it. */
export interface S3Location {
  bucket: string
  /** Before each id; empty, or ends with a slash. */
  prefix: string
  /** Undefined: Amazon's, of the region. */
  endpoint: string | undefined
  region: string
  /** The bucket is in the path and not in the host name. */
  isPathStyle: boolean
  /** Undefined: those that the Amazon SDK finds (environment, files, roles). */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined
}

const DEFAULT_REGION = 'us-east-1'
const PARAMETERS = ['endpoint', 'region', 'pathStyle']

/**
 * `s3://bucket/prefix?endpoint=https://host:port&region=…&pathStyle=true`, all but the bucket optional; with an endpoint
 * the path style is the default. Throws with a reason that names what is accepted.
 */
export function parseS3Url(text: string, keys: { accessKeyId: string; accessKeySecret: string }): S3Location {
  const url = URL.parse(text)
  if (url?.protocol !== 's3:' || url.hostname === '') {
    throw new Error('blobsUrl must be s3://bucket, with /prefix and ?endpoint=https://… if wanted')
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('blobsUrl must not hold keys; set blobsAccessKeyId and blobsAccessKeySecret')
  }
  const query = url.searchParams
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) throw new Error(`blobsUrl: ${unknown} is no parameter; known: ${PARAMETERS.join(', ')}`)
  const endpoint = query.get('endpoint') ?? undefined
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new Error('blobsUrl: endpoint must be an http:// or https:// URL')
  }
  const pathStyle = query.get('pathStyle') ?? String(endpoint !== undefined)
  if (pathStyle !== 'true' && pathStyle !== 'false') throw new Error('blobsUrl: pathStyle must be true or false')
  const { accessKeyId, accessKeySecret } = keys
  if ((accessKeyId === '') !== (accessKeySecret === '')) {
    throw new Error('blobsAccessKeyId and blobsAccessKeySecret must be set together, or neither')
  }
  const prefix = url.pathname.replaceAll(/^\/+|\/+$/g, '')
  return {
    bucket: url.hostname,
    prefix: prefix === '' ? '' : `${decodeURIComponent(prefix)}/`,
    endpoint,
    region: query.get('region') ?? DEFAULT_REGION,
    isPathStyle: pathStyle === 'true',
    credentials: accessKeyId === '' ? undefined : { accessKeyId, secretAccessKey: accessKeySecret },
  }
}
