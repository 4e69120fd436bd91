/** The rules that the lifecycle job follows. */
import { STORAGE_CLASSES } from '../attributes.ts'
import { OssError, type Bucket } from '../../port.ts'
import { childText, childrenOf, type XmlElement, type XmlValue } from '../xml.ts'
import { malformed, readFlag, readWhole, settingOf, settingOperations, type Setting } from './setting.ts'
import type { Age, LifecycleRule } from '../../lifecycle/rules.ts'
import type { Feature } from '../exchange.ts'

const RULES_MAX = 1000
const ID_LENGTH_MAX = 255
const DAYS_MAX = 100_000
/** ISO 8601, at the beginning of a day. */
const DATE = /^\d{4}-\d{2}-\d{2}T00:00:00(\.000)?Z$/

const setting: Setting<LifecycleRule[]> = {
  flag: 'lifecycle',
  operation: 'BucketLifecycle',
  root: 'LifecycleConfiguration',
  read: (document, { requestId }) => readLifecycle(document, requestId),
  write: (rules) => ({ Rule: rules.map(ruleXml) }),
  unset: {
    error: ({ name }) => new OssError('NoSuchLifecycle', 'No Row found in Lifecycle Table.', { BucketName: name }),
  },
}

export const lifecycle: Feature = { operations: settingOperations(setting) }

export function lifecycleRules(bucket: Bucket): readonly LifecycleRule[] {
  return settingOf(bucket, setting) ?? []
}

/** `newId`: what rules without an id are called by, with a number. Throws OssError: MalformedXML, InvalidArgument. */
export function readLifecycle(document: XmlElement, newId: string): LifecycleRule[] {
  const rules = childrenOf(document, 'Rule').map((element, i) => readRule(element, `${newId}-${i + 1}`))
  if (rules.length === 0 || rules.length > RULES_MAX) throw malformed(`there must be 1 to ${RULES_MAX} Rules`)
  const ids = rules.map(({ id }) => id)
  if (new Set(ids).size < ids.length) throw refused('each rule needs an ID of its own')
  return rules
}

const refused = (problem: string) => new OssError('InvalidArgument', `The lifecycle rules are not valid: ${problem}.`)

function readRule(element: XmlElement, newId: string): LifecycleRule {
  if (childrenOf(element, 'Filter').length > 0) throw new OssError('NotImplemented', 'Filter of a rule is not offered.')
  const id = childText(element, 'ID')?.trim() || newId
  if (id.length > ID_LENGTH_MAX) throw malformed(`an ID has at most ${ID_LENGTH_MAX} characters`)
  const status = childText(element, 'Status')?.trim()
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed('Status must be Enabled or Disabled')
  const [expiration] = childrenOf(element, 'Expiration')
  const [abort] = childrenOf(element, 'AbortMultipartUpload')
  const [noncurrent] = childrenOf(element, 'NoncurrentVersionExpiration')
  const removesDeleteMarkers = readFlag(
    'ExpiredObjectDeleteMarker',
    expiration && childText(expiration, 'ExpiredObjectDeleteMarker'),
    false,
  )
  const rule: LifecycleRule = {
    ...{ id, prefix: childText(element, 'Prefix') ?? '', isEnabled: status === 'Enabled' },
    tags: Object.fromEntries(
      childrenOf(element, 'Tag').map((tag) => [childText(tag, 'Key') ?? '', childText(tag, 'Value') ?? '']),
    ),
    expiration: expiration === undefined || removesDeleteMarkers ? null : readAge('Expiration', expiration),
    removesDeleteMarkers,
    transitions: childrenOf(element, 'Transition').map((each) => ({
      age: readAge('Transition', each),
      storageClass: readStorageClass(each),
    })),
    abortUploads: abort === undefined ? null : readAge('AbortMultipartUpload', abort),
    noncurrentDays: noncurrent === undefined ? null : readNoncurrentDays(noncurrent),
    noncurrentTransitions: childrenOf(element, 'NoncurrentVersionTransition').map((each) => ({
      days: readNoncurrentDays(each),
      storageClass: readStorageClass(each),
    })),
  }
  checkRule(rule)
  return rule
}

function readAge(name: string, element: XmlElement): Age {
  const days = childText(element, 'Days')
  const date = childText(element, 'CreatedBeforeDate')?.trim()
  if (days !== undefined && date === undefined) return { days: readWhole(`Days of ${name}`, days, 1, DAYS_MAX) }
  const beforeMs = date !== undefined && DATE.test(date) ? Date.parse(date) : Number.NaN
  if (days === undefined && !Number.isNaN(beforeMs)) return { beforeMs }
  throw malformed(`${name} must hold either Days or CreatedBeforeDate, as in 2030-01-01T00:00:00.000Z`)
}

function readNoncurrentDays(element: XmlElement): number {
  return readWhole('NoncurrentDays', childText(element, 'NoncurrentDays') ?? '', 1, DAYS_MAX)
}

function readStorageClass(element: XmlElement): string {
  const given = childText(element, 'StorageClass')?.trim() ?? ''
  const found = STORAGE_CLASSES.find((each) => each === given && each !== 'Standard')
  if (found === undefined) {
    throw malformed(`StorageClass must be one of ${STORAGE_CLASSES.slice(1).join(', ')}, not '${given}'`)
  }
  return found
}

function checkRule(rule: LifecycleRule): void {
  const { id, expiration, transitions, abortUploads, noncurrentDays, noncurrentTransitions, removesDeleteMarkers } =
    rule
  const isIdle =
    [expiration, abortUploads, noncurrentDays].every((each) => each === null) &&
    transitions.length + noncurrentTransitions.length === 0
  if (isIdle && !removesDeleteMarkers) throw malformed(`the rule '${id}' does nothing`)
  const days = transitions.flatMap(({ age }) => ('days' in age ? [age.days] : []))
  const isSorted = days.every((value, i) => i === 0 || value > days[i - 1]!)
  if (!isSorted) throw refused(`the transitions of '${id}' must each come later than the one before`)
  if (expiration !== null && 'days' in expiration && days.some((value) => value >= expiration.days))
    throw refused(`the expiration of '${id}' must come later than its transitions`)
  if (Object.keys(rule.tags).length > 0 && abortUploads !== null)
    throw refused(`'${id}' has a Tag, and uploads that are not completed have none`)
}

function ruleXml(rule: LifecycleRule): XmlValue {
  const { expiration, removesDeleteMarkers, noncurrentDays, abortUploads } = rule
  return {
    ID: rule.id,
    Prefix: rule.prefix,
    Status: rule.isEnabled ? 'Enabled' : 'Disabled',
    Tag: Object.entries(rule.tags).map(([Key, Value]) => ({ Key, Value })),
    Expiration: removesDeleteMarkers ? { ExpiredObjectDeleteMarker: true } : ageXml(expiration),
    Transition: rule.transitions.map(({ age, storageClass }) => ({ ...ageXml(age), StorageClass: storageClass })),
    AbortMultipartUpload: ageXml(abortUploads),
    NoncurrentVersionExpiration: noncurrentDays === null ? undefined : { NoncurrentDays: noncurrentDays },
    NoncurrentVersionTransition: rule.noncurrentTransitions.map(({ days, storageClass }) => ({
      NoncurrentDays: days,
      StorageClass: storageClass,
    })),
  }
}

function ageXml(age: Age | null): { Days: number } | { CreatedBeforeDate: string } | undefined {
  if (age === null) return undefined
  return 'days' in age ? { Days: age.days } : { CreatedBeforeDate: new Date(age.beforeMs).toISOString() }
}
