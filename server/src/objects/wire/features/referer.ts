/** Which pages may show what lies in a bucket: a guard against links from elsewhere, not against anybody who lies. */
import { OssError } from '../../port.ts'
import { childText, childrenOf, type XmlElement } from '../xml.ts'
import { malformed, readFlag, settingOf, settingOperations, type Setting } from './setting.ts'
import { matchesWildcard } from '../../../wildcard.ts'
import type { Exchange, Feature, Operation } from '../exchange.ts'

export type RefererRule = {
  allowsEmpty: boolean
  referers: string[]
}

const setting: Setting<RefererRule> = {
  flag: 'referer',
  operation: 'BucketReferer',
  root: 'RefererConfiguration',
  read: readReferer,
  write: ({ allowsEmpty, referers }) => ({ AllowEmptyReferer: allowsEmpty, RefererList: { Referer: referers } }),
  unset: { value: { allowsEmpty: true, referers: [] } },
  isRemovable: false,
}

export const referer: Feature = { operations: settingOperations(setting), admit: checkReferer }

function readReferer(document: XmlElement): RefererRule {
  const [list] = childrenOf(document, 'RefererList')
  if (list === undefined) throw malformed('RefererList is missing')
  return {
    allowsEmpty: readFlag('AllowEmptyReferer', childText(document, 'AllowEmptyReferer'), true),
    referers: childrenOf(list, 'Referer').map(({ text }) => text.trim()),
  }
}

/** `*` stands for any characters, `?` for one; without a list everybody is let in who names a page, as documented. Pure. */
function allowsReferer({ allowsEmpty, referers }: RefererRule, given: string): boolean {
  if (given === '') return allowsEmpty || referers.length === 0
  return referers.length === 0 || referers.some((pattern) => matchesWildcard(pattern, given))
}

/** Of requests without an Authorization header: what a page can make a browser send. */
function checkReferer(exchange: Exchange, operation: Operation): void {
  const { headers } = exchange
  if (operation.level !== 'object' || operation.access !== 'read' || headers.authorization !== undefined) return
  const { bucket } = exchange
  const rule = settingOf(bucket, setting)
  if (rule !== undefined && !allowsReferer(rule, headers.referer ?? '')) {
    throw new OssError('AccessDenied', 'You are denied by bucket referer policy.', { BucketName: bucket.name })
  }
}
