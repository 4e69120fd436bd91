/** Conditional requests: by ETag and by time of change. Pure. */
import { OssError } from '../port.ts'
import { headerText } from './auth/proof.ts'
import type { IncomingHttpHeaders } from 'node:http'

interface ConditionNames {
  ifMatch: string
  ifNoneMatch: string
  ifModifiedSince: string
  ifUnmodifiedSince: string
}

export const READ_CONDITIONS: ConditionNames = {
  ifMatch: 'if-match',
  ifNoneMatch: 'if-none-match',
  ifModifiedSince: 'if-modified-since',
  ifUnmodifiedSince: 'if-unmodified-since',
}

export const COPY_CONDITIONS: ConditionNames = {
  ifMatch: 'x-oss-copy-source-if-match',
  ifNoneMatch: 'x-oss-copy-source-if-none-match',
  ifModifiedSince: 'x-oss-copy-source-if-modified-since',
  ifUnmodifiedSince: 'x-oss-copy-source-if-unmodified-since',
}

/** True: the client's copy is as new (304). Throws PreconditionFailed. */
export function isUnmodified(
  headers: IncomingHttpHeaders,
  names: ConditionNames,
  { etag, modifiedMs }: { etag: string; modifiedMs: number },
): boolean {
  const ifMatch = headerText(headers, names.ifMatch)
  if (ifMatch !== '' && !matches(ifMatch, etag)) throw preconditionFailed(names.ifMatch)
  const modifiedSeconds = Math.floor(modifiedMs / 1000)
  const unmodifiedSince = seconds(headerText(headers, names.ifUnmodifiedSince))
  if (unmodifiedSince !== undefined && modifiedSeconds > unmodifiedSince) {
    throw preconditionFailed(names.ifUnmodifiedSince)
  }
  const ifNoneMatch = headerText(headers, names.ifNoneMatch)
  if (ifNoneMatch !== '') return matches(ifNoneMatch, etag)
  const modifiedSince = seconds(headerText(headers, names.ifModifiedSince))
  return modifiedSince !== undefined && modifiedSeconds <= modifiedSince
}

/** A list of ETags, with or without quotes. */
function matches(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const given = item.trim().replace(/^W\//, '')
    return given === '*' || given === etag || given === `"${etag}"`
  })
}

/** HTTP dates have whole seconds; what is no date is no condition. */
function seconds(date: string): number | undefined {
  const timeMs = Date.parse(date)
  return Number.isNaN(timeMs) ? undefined : Math.floor(timeMs / 1000)
}

function preconditionFailed(header: string): OssError {
  const name = header.replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase())
  return new OssError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.', {
    Condition: header.startsWith('x-') ? header : name,
  })
}
