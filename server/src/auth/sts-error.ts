/** A refusal of the Security Token Service: code and status as documented there. */
const stsErrorTable = {
  MissingParameter: 400,
  InvalidParameter: 400,
  'InvalidParameter.RoleArn': 400,
  'InvalidParameter.RoleSessionName': 400,
  'InvalidParameter.DurationSeconds': 400,
  'InvalidParameter.PolicySize': 400,
  'InvalidParameter.PolicyGrammar': 400,
  'InvalidTimeStamp.Format': 400,
  'InvalidTimeStamp.Expired': 400,
  SignatureNonceUsed: 400,
  SignatureDoesNotMatch: 400,
  NoPermission: 403,
  'InvalidAccessKeyId.NotFound': 404,
  'InvalidAction.NotFound': 404,
  'EntityNotExist.Role': 404,
} as const

export type StsErrorCode = keyof typeof stsErrorTable

export class StsError extends Error {
  readonly code: StsErrorCode
  readonly status: number

  constructor(code: StsErrorCode, message: string) {
    super(message)
    this.name = 'StsError'
    this.code = code
    this.status = stsErrorTable[code]
  }
}
