/** The `key_value` pairs of one operation, each read once; what is left over is refused. */
import { OssError } from '../errors.ts'

const COLOR = /^[0-9a-f]{6}$/i
/** Clients are not strict about which of the two alphabets they use. */
const BASE64 = /^[A-Za-z0-9_+/-]+={0,2}$/

export function invalidProcess(message: string): OssError {
  return new OssError('InvalidArgument', message, { ArgumentName: 'x-oss-process' })
}

/** Base64 of UTF-8 text, URL-safe or not. BadRequest, with OSS's words. */
export function decodeBase64(value: string): string {
  const text = BASE64.test(value) ? Buffer.from(value, 'base64url').toString('utf8') : ''
  if (text === '' || text.includes('\uFFFD')) throw new OssError('BadRequest', 'Input is not base64 decoding.')
  return text
}

export class Parameters {
  readonly #operation: string
  readonly #values = new Map<string, string>()

  constructor(operation: string, pairs: readonly string[]) {
    this.#operation = operation
    for (const pair of pairs) {
      const [, name, value] = /^([A-Za-z]+)_(.*)$/s.exec(pair) ?? []
      if (name === undefined || value === undefined)
        throw invalidProcess(`${operation}: '${pair}' is not of the form name_value`)
      this.#values.set(name, value)
    }
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    this.#values.delete(name)
    return value
  }

  /** A whole number within the range. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : integerValue(`${this.#operation}: ${name}`, value, min, max)
  }

  oneOf<Value extends string>(name: string, accepted: readonly Value[]): Value | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const found = accepted.find((candidate) => candidate === value)
    if (found === undefined)
      throw invalidProcess(`${this.#operation}: ${name} is '${value}'; give one of ${accepted.join(', ')}`)
    return found
  }

  /** RRGGBB. */
  color(name: string): string | undefined {
    const value = this.text(name)
    if (value !== undefined && !COLOR.test(value))
      throw invalidProcess(`${this.#operation}: ${name} is '${value}'; give six hexadecimal digits, RRGGBB`)
    return value
  }

  base64(name: string): string | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : decodeBase64(value)
  }

  /** Refuses what nobody asked for. */
  end(): void {
    const [unknown] = this.#values.keys()
    if (unknown !== undefined) throw invalidProcess(`${this.#operation}: there is no parameter '${unknown}'`)
  }
}

export function integerValue(what: string, value: string, min: number, max: number): number {
  const number = /^-?\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max))
    throw invalidProcess(`${what} is '${value}'; give a whole number from ${min} to ${max}`)
  return number
}
