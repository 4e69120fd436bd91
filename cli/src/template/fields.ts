/** Reads fields of a component's props: types put right, cloud-only settings left out and said so. */
import { usageError } from '../errors.ts'
import { isObject, type Json, textOf } from '../json.ts'
import type { BuildStep, SettingPlan } from './plan.ts'

export interface Props {
  /** Where in the file, for messages. */
  place: string
  values: Json
  /** From the `actions` beside the props. */
  build: BuildStep[]
  warnings: string[]
}

const NUMBERS = new Set([
  'timeout',
  'memorySize',
  'cpu',
  'diskSize',
  'instanceConcurrency',
  'initializationTimeout',
  'caPort',
  'gpuMemorySize',
  'idleTimeout',
  'instanceSoftConcurrency',
])
const BOOLEANS = new Set(['internetAccess', 'disableOndemand', 'enableLongLiving'])

/** The named fields that are given, as the API takes them. */
export function pickFields(props: Props, names: readonly string[]): Json {
  const picked: Json = {}
  for (const name of names) {
    const value = props.values[name]
    if (value === undefined || value === null) continue
    if (typeof value === 'string' && /^auto$/i.test(value)) {
      props.warnings.push(
        `${props.place}.${name}: 'auto' makes a cloud resource, which there is none of here; left out`,
      )
      continue
    }
    if (NUMBERS.has(name)) picked[name] = toNumber(value, `${props.place}.${name}`)
    else if (BOOLEANS.has(name)) picked[name] = value === 'true' || value === true
    else if (name === 'environmentVariables') picked[name] = toTexts(value, `${props.place}.${name}`)
    else picked[name] = value
  }
  return picked
}

/** Says which fields nothing reads: a typing error should not pass in silence. */
export function warnUnknown(props: Props, known: readonly string[]): void {
  const unknown = Object.keys(props.values).filter((key) => !known.includes(key))
  for (const key of unknown) props.warnings.push(`${props.place}.${key} is not known; left out`)
}

/**
 * A configuration of the props that is put by itself; none when it is not given. Its `qualifier` goes into the query;
 * `mode` (whether the vendor's tool waits for it) is of no use here. `hasQualifier` false: it belongs to the function whole.
 */
export function readSetting(
  { values }: Props,
  name: string,
  { action, element, hasQualifier = true }: { action: string; element: string; hasQualifier?: boolean },
): SettingPlan[] {
  const given = values[name]
  if (!isObject(given)) return []
  const { qualifier, mode: _mode, ...body } = given
  return [{ action, element, qualifier: hasQualifier ? textOf(qualifier) || 'LATEST' : null, body }]
}

export function requiredText(props: Props, name: string): string {
  const value = textOf(props.values[name])
  if (value === '') throw usageError(`${props.place}.${name} is missing`)
  return value
}

function toNumber(value: unknown, place: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw usageError(`${place}: ${JSON.stringify(value)} is no number`)
  }
  return number
}

/** Values of environment variables are texts; YAML reads `1` and `true` as something else. */
function toTexts(value: unknown, place: string): Json {
  if (!isObject(value)) throw usageError(`${place} must be names with values`)
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      if (typeof entry === 'object' && entry !== null) throw usageError(`${place}.${key} must be a single value`)
      return [key, textOf(entry)]
    }),
  )
}
