/** What an exec request asks for: from path and query. */
import { Type } from 'typebox'
import { FcError } from '../../errors.ts'
import type { FunctionKey } from '../../model.ts'
import { functionKey, splitFunctionKey } from '../../model.ts'
import { coerceQuery, createReader } from '../schema.ts'
import { COMMAND_WORDS_MAX, IDLE_SECONDS_DEFAULT, IDLE_SECONDS_MAX } from './limits.ts'

export interface ExecTarget {
  isV3: boolean
  key: FunctionKey
  instanceId: string
  /** Of the authorisation. */
  resource: string
}

export interface ExecOptions {
  command: string[]
  terminal: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
  idleMs: number
}

const TWO = /^\/(?:2016-08-15|2021-04-06)\/services\/([^/]+)\/functions\/([^/]+)\/instances\/([^/]+)\/exec$/
const THREE = /^\/2023-03-30\/functions\/([^/]+)\/instances\/([^/]+)\/exec$/

/** Undefined for every other path. The qualifier is not needed: the instance has its version. */
export function readTarget(path: string): ExecTarget | undefined {
  const two = TWO.exec(path)
  const three = two ? null : THREE.exec(path)
  try {
    if (two) {
      const [service, name, instanceId] = two.slice(1).map(decodeURIComponent) as [string, string, string]
      const owner = service.split('.', 1)[0]!
      const resource = `services/${owner}/functions/${name}/instances/${instanceId}`
      return { isV3: false, key: functionKey(owner, name), instanceId, resource }
    }
    if (three) {
      const [key, instanceId] = three.slice(1).map(decodeURIComponent) as [string, string]
      const { service, name } = splitFunctionKey(key)
      return {
        isV3: true,
        key: functionKey(service, name),
        instanceId,
        resource: `functions/${key}/instances/${instanceId}`,
      }
    }
  } catch {
    throw new FcError('InvalidArgument', 'the path holds percent escapes that are no valid UTF-8')
  }
  return undefined
}

const query = Type.Object({
  command: Type.Array(Type.String({ maxLength: 8192 }), { minItems: 1, maxItems: COMMAND_WORDS_MAX }),
  tty: Type.Optional(Type.Boolean()),
  stdin: Type.Optional(Type.Boolean()),
  stdout: Type.Optional(Type.Boolean()),
  stderr: Type.Optional(Type.Boolean()),
  idleTimeout: Type.Optional(Type.Integer({ minimum: 1, maximum: IDLE_SECONDS_MAX })),
})
const reader = createReader(query)

/** Throws FcError InvalidArgument. Nothing is typed or shown on a terminal unless asked for; output is, unless refused. */
export function readOptions(search: URLSearchParams): ExecOptions {
  const given: Record<string, string[]> = {}
  for (const name of new Set(search.keys())) given[name] = search.getAll(name)
  const { command, tty, stdin, stdout, stderr, idleTimeout } = reader.read(coerceQuery(query, given))
  return {
    command,
    terminal: tty ?? false,
    stdin: stdin ?? false,
    stdout: stdout ?? true,
    stderr: stderr ?? true,
    idleMs: (idleTimeout ?? IDLE_SECONDS_DEFAULT) * 1000,
  }
}
