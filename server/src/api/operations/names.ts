/** What names look like; a name that cannot exist is looked up nowhere. */
import { FcError } from '../../errors.ts'

interface NameRule {
  pattern: RegExp
  accepts: string
}

const identifier = (longest: number): NameRule => ({
  pattern: new RegExp(`^[A-Za-z_][A-Za-z0-9_-]{0,${longest - 1}}$`),
  accepts: `1 to ${longest} of the characters A-Z a-z 0-9 _ -, beginning with a letter or _`,
})

const rules = {
  serviceName: identifier(64),
  functionName: identifier(64),
  aliasName: identifier(64),
  layerName: identifier(64),
  triggerName: identifier(128),
  domainName: {
    pattern: /^(?=.{1,253}$)([a-z0-9][a-z0-9-]{0,62}\.)+[a-z]{2,63}$/,
    accepts: 'labels of letters, digits and - joined by dots, the last one at least two letters',
  },
} as const satisfies Record<string, NameRule>

export type NameField = keyof typeof rules

/** What a name accepts, in words. */
export function nameAccepts(field: NameField): string {
  return rules[field].accepts
}

export function checkName(field: NameField, name: string): void {
  if (rules[field].pattern.test(name) && name !== 'LATEST') return
  throw new FcError(
    'InvalidArgument',
    `${field} must be ${rules[field].accepts}${name === 'LATEST' ? ', not LATEST' : ''}`,
  )
}

export function isName(field: NameField, name: string): boolean {
  return rules[field].pattern.test(name)
}

/** The largest version id that keys can hold in order. */
const VERSION_ID_DIGITS_MAX = 10

export function isVersionId(text: string): boolean {
  return /^[1-9]\d*$/.test(text) && text.length <= VERSION_ID_DIGITS_MAX
}
