/** One schema for `sluice.yaml`, the environment (`SLUICE_*`) and flags (`--…`); every default is here. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

type Kind = 'text' | 'integer' | 'choice'

interface Setting<Value> {
  kind: Kind
  default: Value
  help: string
  secret?: true
  /** For integers: inclusive bounds. */
  min?: number
  max?: number
  choices?: readonly string[]
  pattern?: RegExp
  /** What the pattern accepts, in words. */
  accepts?: string
}

const text = (initial: string, help: string, more: Partial<Setting<string>> = {}): Setting<string> => ({
  kind: 'text',
  default: initial,
  help,
  ...more,
})
const integer = (initial: number, min: number, max: number, help: string): Setting<number> => ({
  kind: 'integer',
  default: initial,
  min,
  max,
  help,
})
const choice = <Choice extends string>(choices: readonly [Choice, ...Choice[]], help: string): Setting<Choice> => ({
  kind: 'choice',
  default: choices[0],
  choices,
  help,
})

/** In the file and here camelCase; `dataDir` is `SLUICE_DATA_DIR` in the environment and `--data-dir` as a flag. */
export const settings = {
  dataDir: text(join(homedir(), '.sluice'), 'folder that holds everything the platform keeps'),
  host: text('127.0.0.1', 'address to listen on; anything but loopback opens the platform to the network'),
  port: integer(7800, 1, 65_529, 'port of the public listener; objects, tables, queue, … follow it (+1 … +6)'),
  objectsPort: integer(0, 0, 65_535, 'port of the object service; 0: the one after port'),
  publicHost: text('localhost', 'domain under which HTTP triggers get their host names', {
    pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    accepts: 'a domain name in lower case, such as localhost or functions.example.com',
  }),
  accessKeyId: text('', 'key id of the account; empty: made at first start', {
    pattern: /^[A-Za-z0-9._-]{0,128}$/,
    accepts: 'up to 128 letters, digits, dots, dashes and underscores',
  }),
  accessKeySecret: text('', 'key secret of the account; empty: made at first start', { secret: true }),
  accountId: text('', 'account id; empty: made at first start', { pattern: /^(\d{16})?$/, accepts: '16 digits' }),
  region: text('cn-hangzhou', 'region id told to clients and functions', {
    pattern: /^[a-z0-9-]{1,64}$/,
    accepts: 'lower-case letters, digits and dashes',
  }),
  sandbox: choice(
    ['auto', 'oci', 'process'],
    'how instances are isolated: by containers, not at all, or the better of what this machine can',
  ),
  ociRuntime: text('', 'OCI runtime that makes containers, a name on PATH or a path; empty: crun, else runc'),
  imagesDir: text('', 'folder of local images that functions may be made of; empty: images in the data folder'),
  metadataUrl: text('', 'postgres://… for metadata in PostgreSQL; empty: SQLite in the data folder', {
    secret: true,
    pattern: /^(postgres(ql)?:\/\/.+)?$/,
    accepts: 'postgres://user:password@host:port/database',
  }),
  blobsUrl: text('', 's3://bucket/… for code packages and bytes of objects in an S3; empty: files in the data folder', {
    pattern: /^(s3:\/\/.+)?$/,
    accepts: 's3://bucket/prefix?endpoint=https://host:port&region=…, all but the bucket optional',
  }),
  blobsAccessKeyId: text('', 'key id for blobsUrl; empty: what the Amazon SDK finds (environment, files, roles)'),
  blobsAccessKeySecret: text('', 'key secret for blobsUrl', { secret: true }),
  accountInstances: integer(100, 1, 10_000, 'most instances of all functions together'),
  hostMemoryMB: integer(
    0,
    0,
    4_194_304,
    'memory that instances may use together, in MB; 0: four fifths of this machine',
  ),
  keepAliveSeconds: integer(
    300,
    1,
    86_400,
    'idle time that a cold start is worth: how long an idle instance is kept at first',
  ),
  stems: integer(4, 0, 64, 'prepared sandboxes kept per runtime in use, more when starts come often; 0: none'),
  queueLength: integer(
    1000,
    1,
    100_000,
    'most requests that wait for an instance of one function, cold starts included',
  ),
  queueSeconds: integer(30, 1, 3600, 'longest wait for an instance before 429'),
  logDays: integer(7, 1, 3650, 'how long logs and invocation records are kept'),
  logMB: integer(1024, 16, 1_048_576, 'most space for logs and records of all functions, in MB; the oldest go first'),
  logFunctionMB: integer(256, 1, 1_048_576, 'most space for logs and records of one function, in MB'),
  otlpUrl: text(
    '',
    'http(s)://… of a collector that gets traces, logs and metrics by OTLP; empty: nothing is exported',
    {
      pattern: /^(https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?)?$/,
      accepts: 'http://host:4318 or https://host/path, without a user: credentials go into otlpHeaders',
    },
  ),
  otlpHeaders: text('', 'headers of each export, key=value,key=value', {
    secret: true,
    pattern: /^([\w.-]+=[ -+\--~]*(,\s*(?=\S)|$))*$/,
    accepts: 'key=value,key=value; a comma in a value is %2C',
  }),
  otlpTracesPerMinute: integer(
    600,
    0,
    1_000_000,
    'most traces a minute that begin here and are exported, beside those that callers sample',
  ),
  priceBook: text('', 'file of prices for the bill, in YAML; empty: an example whose figures are made up'),
  smtpUrl: text('', 'smtp://… or smtps://… of the mail server that alerts are sent by; empty: no e-mails', {
    secret: true,
    pattern: /^(smtps?:\/\/([^\s@/]*@)?[^\s@/?#]+\/?(\?\S*)?)?$/,
    accepts:
      'smtp://user:password@host:port or smtps://…, all but the host optional, with %40 for an @ in the password',
  }),
  smtpFrom: text('sluice@localhost', 'address that e-mails of alerts come from', {
    pattern: /^([^<>@\r\n]*<)?[^<>@\s]+@[^<>@\s]+>?$/,
    accepts: 'an address, such as sluice@example.com or Sluice <sluice@example.com>',
  }),
  attachment: choice(
    ['off', 'on'],
    'answer HTTP triggers on default hosts with Content-Disposition: attachment, as the cloud does',
  ),
  samples: choice(['on', 'off'], 'deploy the sample functions at the first start'),
  debugPort: integer(
    0,
    0,
    65_535,
    'port at 127.0.0.1 where the function waits for a debugger, one instance at a time and without time limits; 0: off',
  ),
  logLevel: choice(['info', 'debug', 'warn', 'error'], 'what the platform itself logs'),
} as const

/** Of the object service. */
export function objectsPort({ port, objectsPort }: Pick<Config, 'port' | 'objectsPort'>): number {
  return objectsPort === 0 ? port + 1 : objectsPort
}

export type SettingName = keyof typeof settings
export type Config = { [Name in SettingName]: (typeof settings)[Name]['default'] }
export type Source = 'default' | 'file' | 'environment' | 'flag'

/** A setting that cannot be used; the message names it, where it came from, and what is accepted. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

const names = Object.keys(settings) as SettingName[]
const words = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
export const environmentName = (name: SettingName) => `SLUICE_${words(name).replaceAll(' ', '_').toUpperCase()}`
export const flagName = (name: SettingName) => `--${words(name).replaceAll(' ', '-')}`

function accepted(setting: Setting<unknown>): string {
  if (setting.kind === 'integer') return `a whole number from ${setting.min} to ${setting.max}`
  if (setting.choices) return setting.choices.join(', ')
  return setting.accepts ?? 'text'
}

function readValue(name: SettingName, value: unknown, where: string): string | number {
  const setting: Setting<unknown> = settings[name]
  const refuse = () => {
    const shown = setting.secret ? 'the value given' : JSON.stringify(value)
    return new ConfigError(`${where}: ${shown} is not accepted; give ${accepted(setting)}`)
  }
  if (setting.kind === 'integer') {
    const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
    const number = Number(value)
    if (!isNumber || !Number.isInteger(number) || number < setting.min! || number > setting.max!) throw refuse()
    return number
  }
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  const given = isScalar ? String(value) : undefined
  if (given === undefined) throw refuse()
  // YAML reads on and off as words, but true and false are what people write.
  const spelling = setting.choices?.includes('on') ? ({ true: 'on', false: 'off' }[given] ?? given) : given
  if (setting.choices && !setting.choices.includes(spelling)) throw refuse()
  if (setting.pattern && !setting.pattern.test(spelling)) throw refuse()
  return spelling
}

function nearest(unknown: string): string {
  const wanted = unknown.toLowerCase().replaceAll(/[^a-z]/g, '')
  const near = names.find((name) => name.toLowerCase().includes(wanted) || wanted.includes(name.toLowerCase()))
  return near ? `; did you mean ${near}?` : `; known: ${names.join(', ')}`
}

function readFlags(argv: readonly string[]): { values: Map<SettingName, string>; file: string | undefined } {
  const values = new Map<SettingName, string>()
  let file: string | undefined
  for (let i = 0; i < argv.length; i++) {
    const [flag, inline] = argv[i]!.split(/=(.*)/s) as [string, string | undefined]
    const name = names.find((candidate) => flagName(candidate) === flag)
    if (!name && flag !== '--config') throw new ConfigError(`${flag} is no flag${nearest(flag)}`)
    if (name && (settings[name] as Setting<unknown>).secret) {
      throw new ConfigError(
        `${flag} would show in the list of processes; set ${environmentName(name)} or the file instead`,
      )
    }
    const value = inline ?? argv[++i]
    if (value === undefined) throw new ConfigError(`${flag} needs a value`)
    if (name) values.set(name, value)
    else file = value
  }
  return { values, file }
}

function readFile(path: string, required: boolean): Record<string, unknown> {
  if (!existsSync(path)) {
    if (required) throw new ConfigError(`--config: there is no file ${path}`)
    return {}
  }
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new ConfigError(`${path} is not valid YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (content === null || content === undefined) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`${path} must hold settings, one \`name: value\` a line`)
  }
  return content as Record<string, unknown>
}

export interface LoadedConfig {
  config: Config
  sources: Record<SettingName, Source>
  /** The file that was read; null when there is none. */
  file: string | null
}

/**
 * Flags win over the environment, the environment over the file, the file over defaults.
 * `argv`: flags only. Throws ConfigError.
 */
export function loadConfig(argv: readonly string[], environment: NodeJS.ProcessEnv, folder: string): LoadedConfig {
  const flags = readFlags(argv)
  const path = resolve(folder, flags.file ?? environment['SLUICE_CONFIG'] ?? 'sluice.yaml')
  const fromFile = readFile(path, flags.file !== undefined || environment['SLUICE_CONFIG'] !== undefined)
  for (const key of Object.keys(fromFile)) {
    if (!Object.hasOwn(settings, key)) throw new ConfigError(`${path}: ${key} is no setting${nearest(key)}`)
  }
  const config: Record<string, string | number> = {}
  const sources: Partial<Record<SettingName, Source>> = {}
  for (const name of names) {
    const variable = environment[environmentName(name)]
    const flag = flags.values.get(name)
    const fileValue = fromFile[name]
    if (flag !== undefined) {
      config[name] = readValue(name, flag, flagName(name))
      sources[name] = 'flag'
    } else if (variable !== undefined && variable !== '') {
      config[name] = readValue(name, variable, environmentName(name))
      sources[name] = 'environment'
    } else if (fileValue !== undefined && fileValue !== null) {
      config[name] = readValue(name, fileValue, `${path}: ${name}`)
      sources[name] = 'file'
    } else {
      config[name] = settings[name].default
      sources[name] = 'default'
    }
  }
  config['dataDir'] = resolve(folder, String(config['dataDir']))
  if (config['debugPort'] !== 0 && config['sandbox'] !== 'process') {
    throw new ConfigError(
      `debugPort: only the process sandbox can be debugged; set ${environmentName('sandbox')} to process, or debugPort to 0`,
    )
  }
  return {
    config: config as Config,
    sources: sources as Record<SettingName, Source>,
    file: existsSync(path) ? path : null,
  }
}

/** The effective settings for people and programs; secrets are replaced by `(set)`. */
export function describeConfig({
  config,
  sources,
}: LoadedConfig): { name: SettingName; value: string | number; source: Source; help: string }[] {
  return names.map((name) => {
    const hidden = (settings[name] as Setting<unknown>).secret && config[name] !== ''
    return { name, value: hidden ? '(set)' : config[name], source: sources[name], help: settings[name].help }
  })
}
