/** What becomes of objects with time. Pure. */
import type { ObjectHead, Upload } from '../port.ts'

const DAY_MS = 86_400_000

/** After so many days, or when it was made before that date. */
export type Age = { days: number } | { beforeMs: number }

export type LifecycleRule = {
  id: string
  prefix: string
  isEnabled: boolean
  /** All of which an object must have. */
  tags: Record<string, string>
  expiration: Age | null
  /** Delete markers that hide nothing any more. */
  removesDeleteMarkers: boolean
  /** Most patient last. */
  transitions: { age: Age; storageClass: string }[]
  abortUploads: Age | null
  noncurrentDays: number | null
  noncurrentTransitions: { days: number; storageClass: string }[]
}

export type LifecycleAction =
  /** Undefined version: the latest, which a marker hides where versions are kept. */
  { kind: 'delete'; versionId: string | undefined } | { kind: 'transition'; versionId: string; storageClass: string }

function isDue(age: Age | null, sinceMs: number, nowMs: number): boolean {
  if (age === null) return false
  return 'days' in age ? nowMs - sinceMs >= age.days * DAY_MS : nowMs >= age.beforeMs && sinceMs < age.beforeMs
}

/** What is due for the versions of one key, newest first. */
export function dueActions(
  rules: readonly LifecycleRule[],
  versions: readonly ObjectHead[],
  nowMs: number,
): LifecycleAction[] {
  const [latest] = versions
  if (latest === undefined) return []
  const meant = rules.filter(({ isEnabled, prefix }) => isEnabled && latest.key.startsWith(prefix))
  return versions.flatMap((head, i) => {
    const tagged = meant.filter(({ tags }) => Object.entries(tags).every(([key, value]) => head.tags[key] === value))
    // A version is noncurrent since the next one was made.
    const action =
      i === 0 ? latestAction(tagged, versions, nowMs) : noncurrentAction(tagged, head, versions[i - 1]!, nowMs)
    return action ?? []
  })
}

function latestAction(
  rules: readonly LifecycleRule[],
  versions: readonly ObjectHead[],
  nowMs: number,
): LifecycleAction | undefined {
  const head = versions[0]!
  if (head.isDeleteMarker) {
    const hidesNothing = versions.length === 1
    const isExpired = rules.some((rule) => rule.removesDeleteMarkers || isDue(rule.expiration, head.modifiedMs, nowMs))
    return hidesNothing && isExpired ? { kind: 'delete', versionId: head.versionId } : undefined
  }
  if (rules.some(({ expiration }) => isDue(expiration, head.modifiedMs, nowMs)))
    return { kind: 'delete', versionId: undefined }
  const due = rules.flatMap(({ transitions }) => transitions.filter(({ age }) => isDue(age, head.modifiedMs, nowMs)))
  return transition(head, due.at(-1)?.storageClass)
}

function noncurrentAction(
  rules: readonly LifecycleRule[],
  head: ObjectHead,
  newer: ObjectHead,
  nowMs: number,
): LifecycleAction | undefined {
  const isOver = (days: number) => nowMs - newer.modifiedMs >= days * DAY_MS
  if (rules.some(({ noncurrentDays }) => noncurrentDays !== null && isOver(noncurrentDays)))
    return { kind: 'delete', versionId: head.versionId }
  if (head.isDeleteMarker) return undefined
  const due = rules.flatMap((rule) => rule.noncurrentTransitions.filter(({ days }) => isOver(days)))
  return transition(head, due.at(-1)?.storageClass)
}

function transition(head: ObjectHead, storageClass: string | undefined): LifecycleAction | undefined {
  const isChanged = storageClass !== undefined && storageClass !== head.storageClass
  return isChanged ? { kind: 'transition', versionId: head.versionId, storageClass } : undefined
}

/** Whether an upload that was begun and not completed is to be given up. */
export function isUploadDue(rules: readonly LifecycleRule[], upload: Upload, nowMs: number): boolean {
  return rules.some(
    ({ isEnabled, prefix, abortUploads }) =>
      isEnabled && upload.key.startsWith(prefix) && isDue(abortUploads, upload.initiatedMs, nowMs),
  )
}
