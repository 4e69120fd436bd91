/** A setting of a bucket that is put, read and removed as one XML document. */
import { OssError, type Bucket } from '../../port.ts'
import { emptyAnswer, xmlAnswer } from '../answers.ts'
import { parseXml, type XmlElement, type XmlValue } from '../xml.ts'
import type { JsonValue } from '../../../model.ts'
import type { Exchange, Operation, WireContext } from '../exchange.ts'

const DOCUMENT_BYTES_MAX = 256 * 1024

export interface Setting<Value extends JsonValue> {
  /** The query flag, and its name among the bucket's settings. */
  flag: string
  /** What the operations are called: `Get` + this. */
  operation: string
  /** Of access policies; default: as the operation. */
  action?: string
  root: string
  /** Throws OssError: MalformedXML, InvalidArgument, …; null: nothing is set any more. */
  read(document: XmlElement, exchange: Exchange, context: WireContext): Value | null
  write(value: Value): XmlValue
  /** What GET tells when nothing is set: a value, or the error that says so. */
  unset: { value: Value } | { error(bucket: Bucket): OssError }
  /** DELETE removes it; default true. */
  isRemovable?: boolean
}

/** What is set of it; undefined: nothing. */
export function settingOf<Value extends JsonValue>(bucket: Bucket, { flag }: Setting<Value>): Value | undefined {
  return bucket.settings[flag] as Value | undefined
}

export function settingOperations<Value extends JsonValue>(setting: Setting<Value>): Operation[] {
  const { flag, operation, action = operation, root } = setting
  const row = (verb: string) => ({
    ...({
      name: `${verb}${operation}`,
      level: 'bucket',
      access: 'owner',
      flags: [flag],
      action: `${verb}${action}`,
    } as const),
  })
  const put: Operation = {
    ...row('Put'),
    method: 'PUT',
    async handle(exchange, context) {
      const value = setting.read(parseXml(await exchange.body.text(DOCUMENT_BYTES_MAX), root), exchange, context)
      await context.store.changeBucket(exchange.bucketName, { settings: { [flag]: value } })
      return emptyAnswer(200)
    },
  }
  const get: Operation = {
    ...row('Get'),
    method: 'GET',
    handle({ bucket }) {
      const { unset } = setting
      const value = settingOf(bucket, setting) ?? ('value' in unset ? unset.value : undefined)
      if (value === undefined) throw (unset as { error(bucket: Bucket): OssError }).error(bucket)
      return xmlAnswer(root, setting.write(value))
    },
  }
  const remove: Operation = {
    ...row('Delete'),
    method: 'DELETE',
    async handle({ bucketName }, { store }) {
      await store.changeBucket(bucketName, { settings: { [flag]: null } })
      return emptyAnswer(204)
    },
  }
  return setting.isRemovable === false ? [put, get] : [put, get, remove]
}

export function malformed(what: string): OssError {
  return new OssError('MalformedXML', `The XML you provided is not valid: ${what}.`)
}

/** `true` or `false`; absent: `initial`. Throws MalformedXML. */
export function readFlag(name: string, text: string | undefined, initial: boolean): boolean {
  if (text === undefined || text === '') return initial
  const word = text.trim().toLowerCase()
  if (word !== 'true' && word !== 'false') throw malformed(`${name} must be true or false, not '${text}'`)
  return word === 'true'
}

/** A whole number. Throws MalformedXML. */
export function readWhole(name: string, text: string, min: number, max: number): number {
  const number = /^\d{1,10}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(number >= min && number <= max))
    throw malformed(`${name} must be a whole number from ${min} to ${max}, not '${text}'`)
  return number
}
