/** Names of functions, and where each generation of the API keeps what belongs to them. */
import { path, type ApiVersion } from './client.ts'
import { usageError } from './errors.ts'

/** `service` is null for functions of FC 3.0. */
export interface FunctionRef {
  service: string | null
  name: string
}

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/

/** Reads `function`, `service/function` or `service$function`. */
export function parseFunctionRef(text: string): FunctionRef {
  const parts = text.split(/[/$]/)
  if (parts.length > 2 || !parts.every((part) => NAME.test(part))) {
    throw usageError(`'${text}' is no function name: give function or service/function, of letters, digits, _ and -`)
  }
  return parts.length === 1 ? { service: null, name: parts[0]! } : { service: parts[0]!, name: parts[1]! }
}

/** As people write it. */
export const showRef = ({ service, name }: FunctionRef) => (service === null ? name : `${service}/${name}`)
/** As the platform keys it. */
export const refKey = ({ service, name }: FunctionRef) => (service === null ? name : `${service}$${name}`)

export const versionOf = ({ service }: FunctionRef): ApiVersion => (service === null ? '2023-03-30' : '2021-04-06')

export function functionsPath(service: string | null): string {
  return service === null ? '/2023-03-30/functions' : path`/2021-04-06/services/${service}/functions`
}

export const functionPath = (ref: FunctionRef) => functionsPath(ref.service) + path`/${ref.name}`

/** Versions and aliases belong to the function, or in 2.0 to its service. */
export const scopePath = (ref: FunctionRef) =>
  ref.service === null ? functionPath(ref) : path`/2021-04-06/services/${ref.service}`
