/** Which query parameters signatures cover. */

/** Sub-resources and response parameters that version 1 signs. */
const SIGNED_BY_V1 = new Set(
  `acl append asyncFetch bucketInfo callback callback-var cname comp continuation-token cors delete encryption endTime
  group httpsConfig img inventory inventoryId lifecycle link live location logging metaQuery objectInfo objectMeta
  partNumber policy policyStatus position publicAccessBlock qos qosInfo referer regionList replication
  replicationLocation replicationProgress requestPayment resourceGroup response-cache-control
  response-content-disposition response-content-encoding response-content-language response-content-type
  response-expires responseHeader restore rtc security-token sequential startTime stat status style styleName symlink
  tagging transferAcceleration uploadId uploads versionId versioning versions vod website withHashContext worm
  wormExtend wormId x-oss-async-process x-oss-enable-md5 x-oss-enable-sha1 x-oss-enable-sha256 x-oss-hash-ctx
  x-oss-md5-ctx x-oss-process x-oss-request-payer x-oss-traffic-limit`.split(/\s+/),
)

export function isSignedByV1(name: string): boolean {
  return SIGNED_BY_V1.has(name) || /^(?:udf|x-oss-ac-|accessPoint)/.test(name)
}

/** Parameters of lists: version 1 does not sign them, and an empty one means the same as none. */
const LIST_PARAMETERS = new Set(
  `prefix delimiter marker max-keys encoding-type list-type start-after fetch-owner key-marker version-id-marker
  upload-id-marker max-uploads max-parts part-number-marker`.split(/\s+/),
)

export function isListParameter(name: string): boolean {
  return LIST_PARAMETERS.has(name)
}
