/** A place for one code package, for tools that upload it before they name it in a request. */
import { OssError } from '../../objects/port.ts'
import { OBJECT_CODE_BYTES_MAX } from './code.ts'
import type { Context } from './context.ts'
import { newId } from './context.ts'

const LIFETIME_MS = 60 * 60 * 1000
/** A package is stored apart as soon as a function is made of it. In the shape in which the objects keep the setting. */
const LIFECYCLE = [
  {
    ...{ id: 'temporary', prefix: '', isEnabled: true, tags: {} },
    ...{ expiration: { days: 1 }, removesDeleteMarkers: false, abortUploads: { days: 1 } },
    ...{ transitions: [], noncurrentDays: 1, noncurrentTransitions: [] },
  },
]

/** As the wire shows it. */
export type TemporaryUpload = {
  credentials: { AccessKeyId: string; AccessKeySecret: string; SecurityToken: string; Expiration: string }
  ossRegion: string
  ossBucket: string
  objectName: string
  /** Bytes. */
  codeSizeLimit: number
}

/**
 * Credentials that write one object, `{account id}/{objectName}`: tools put the account before the name that they are told.
 * The bucket is an ordinary one of the account, made when it is first needed; what lies there goes after a day.
 */
export async function createTemporaryUpload(context: Context): Promise<TemporaryUpload> {
  const { clock, options, tokens } = context
  const bucket = await temporaryBucket(context)
  const objectName = `${newId(context)}.zip`
  const credentials = tokens.issueForUpload(bucket, `${options.accountId}/${objectName}`, LIFETIME_MS, clock.nowMs())
  return {
    credentials: {
      AccessKeyId: credentials.accessKeyId,
      AccessKeySecret: credentials.accessKeySecret,
      SecurityToken: credentials.securityToken!,
      Expiration: new Date(credentials.expiresAtMs!).toISOString(),
    },
    ossRegion: `oss-${options.region}`,
    ossBucket: bucket,
    objectName,
    codeSizeLimit: OBJECT_CODE_BYTES_MAX,
  }
}

async function temporaryBucket({ objects, options }: Context): Promise<string> {
  const name = `fc-temporary-code-${options.accountId}`
  if (objects.bucket(name) === undefined) {
    await objects.createBucket(name, { acl: 'private', storageClass: 'Standard' }).catch((error: unknown) => {
      // Somebody else asked at the same moment.
      if (!(error instanceof OssError) || error.code !== 'BucketAlreadyExists') throw error
    })
  }
  if (objects.bucket(name)?.settings['lifecycle'] === undefined) {
    await objects.changeBucket(name, { settings: { lifecycle: LIFECYCLE } })
  }
  return name
}
