/** Every error of the object store and its wire: code and HTTP status, as OSS has them. */
const ossErrorTable = {
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidBucketName: 400,
  InvalidObjectName: 400,
  MalformedXML: 400,
  MalformedPOSTRequest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  EntityTooSmall: 400,
  EntityTooLarge: 400,
  FieldItemTooLong: 400,
  IncorrectNumberOfFilesInPOSTRequest: 400,
  InvalidTargetType: 400,
  OperationNotSupported: 400,
  TooManyBuckets: 400,
  InvalidTargetBucketForLogging: 400,
  InvalidEncryptionAlgorithmError: 400,
  BadRequest: 400,
  ImageTooLarge: 400,
  WatermarkError: 400,
  MissingArgument: 400,
  RequestTimeout: 400,
  AccessDenied: 403,
  InvalidAccessKeyId: 403,
  SignatureDoesNotMatch: 403,
  RequestTimeTooSkewed: 403,
  SecurityTokenExpired: 403,
  InvalidObjectState: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NoSuchWebsiteConfiguration: 404,
  NoSuchLifecycle: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchBucketPolicy: 404,
  NoSuchServerSideEncryptionRule: 404,
  NoSuchInventory: 404,
  NoSuchWORMConfiguration: 404,
  NoSuchStyle: 404,
  SymlinkTargetNotExist: 404,
  MethodNotAllowed: 405,
  BucketAlreadyExists: 409,
  BucketNotEmpty: 409,
  ObjectNotAppendable: 409,
  PositionNotEqualToLength: 409,
  FileAlreadyExists: 409,
  RestoreAlreadyInProgress: 409,
  MissingContentLength: 411,
  PreconditionFailed: 412,
  InvalidRange: 416,
  CallbackFailed: 203,
  InternalError: 500,
  NotImplemented: 501,
  ServiceUnavailable: 503,
} as const

export type OssErrorCode = keyof typeof ossErrorTable

/** An answer that is an error; `details` become elements of its XML (`Key`, `BucketName`, `Condition`, …). */
export class OssError extends Error {
  readonly code: OssErrorCode
  readonly status: number
  readonly details: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: OssErrorCode,
    message: string,
    details: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) {
    super(message)
    this.name = 'OssError'
    this.code = code
    this.status = ossErrorTable[code]
    this.details = details
    this.headers = headers
  }
}
