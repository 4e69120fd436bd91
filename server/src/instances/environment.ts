/** What a function finds in its environment and context (Function Compute runtime contract, section 4.3). */
import type { Credentials } from '../auth/port.ts'
import type { FunctionVersion, JsonValue } from '../model.ts'

/** Of programs of the system, in every sandbox. */
export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin'
/** Where functions expect their layers. */
export const LAYERS_PATH = '/opt'

export interface EnvironmentFacts {
  accountId: string
  region: string
  instanceId: string
  qualifier: string
  codePath: string
  /** Of the interpreter. */
  runtimeVersion: string
  /** Where layers are, or would be. */
  layersPath: string
  credentials: Credentials
  /** Endpoints of the platform's own services, as SLUICE_… variables. */
  endpoints: Readonly<Record<string, string>>
}

/** Where shared libraries are looked for: LD_LIBRARY_PATH, which a process reads only when it starts. */
export function libraryPath(codePath: string, layersPath: string): string {
  return `${codePath}:${codePath}/lib:/usr/local/lib:${layersPath}/lib`
}

export function functionEnvironment(version: FunctionVersion, facts: EnvironmentFacts): Record<string, string> {
  const { config, service, name } = version.function
  const { credentials, codePath, layersPath } = facts
  const code = codePath.endsWith('/') ? codePath : `${codePath}/`
  // Where programs look for what they need: a function may set these.
  const searchPaths = {
    PATH: `${SYSTEM_PATH}:${layersPath}/bin`,
    LD_LIBRARY_PATH: libraryPath(code.slice(0, -1), layersPath),
    NODE_PATH: `/usr/local/lib/node_modules:${layersPath}/nodejs/node_modules`,
    PYTHONPATH: `${code.slice(0, -1)}:${layersPath}/python`,
  }
  const own: Record<string, string> = {
    FC_FUNC_CODE_PATH: code,
    FC_ACCOUNT_ID: facts.accountId,
    FC_REGION: facts.region,
    FC_FUNCTION_NAME: name,
    FC_FUNCTION_HANDLER: config.handler,
    FC_FUNCTION_MEMORY_SIZE: String(config.memoryMB),
    FC_FUNCTION_VERSION: version.versionId,
    FC_VER_ID: version.versionId,
    FC_QUALIFIER: facts.qualifier,
    FC_INSTANCE_ID: facts.instanceId,
    FC_RUNTIME_VERSION: facts.runtimeVersion,
    ALIBABA_CLOUD_ACCESS_KEY_ID: credentials.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: credentials.accessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: credentials.securityToken ?? '',
    accessKeyID: credentials.accessKeyId,
    accessKeySecret: credentials.accessKeySecret,
    securityToken: credentials.securityToken ?? '',
    SLUICE_LAYERS_PATH: layersPath,
    ...facts.endpoints,
  }
  if (service !== null) own['FC_SERVICE_NAME'] = service
  // The platform's names win: FC_ is reserved, and a function must not be given another's credentials.
  return { ...searchPaths, ...config.environmentVariables, ...own }
}

/** The CREDENTIALS frame of docs/reference/channel.md, and the same part of INIT. */
export interface CredentialsFrame {
  accessKeyId: string
  accessKeySecret: string
  securityToken: string
}

/** What a function is told of itself when it starts: the INIT frame of docs/reference/channel.md. */
export interface InitFrame {
  instanceId: string
  requestId: string
  generation: 2 | 3
  codePath: string
  layersPath: string
  concurrency: number
  responseBytesMax: number
  environment: Record<string, string>
  credentials: CredentialsFrame
  function: {
    name: string
    handler: string
    memory: number
    timeout: number
    initializer: string
    initializationTimeout: number
    preFreeze: string
    preStop: string
  }
  service: { name: string; logProject: string; logStore: string; qualifier: string; versionId: string }
  region: string
  accountId: string
}

export function credentialsFrame({ accessKeyId, accessKeySecret, securityToken }: Credentials): CredentialsFrame {
  return { accessKeyId, accessKeySecret, securityToken: securityToken ?? '' }
}

export function initFrame(
  version: FunctionVersion,
  facts: EnvironmentFacts,
  requestId: string,
  responseBytesMax: number,
): InitFrame {
  const { config, service, name } = version.function
  const logConfig = version.service?.config.settings['logConfig'] ?? config.settings['logConfig']
  return {
    instanceId: facts.instanceId,
    requestId,
    generation: service === null ? 3 : 2,
    codePath: facts.codePath,
    layersPath: facts.layersPath,
    concurrency: config.instanceConcurrency,
    responseBytesMax,
    environment: functionEnvironment(version, facts),
    credentials: credentialsFrame(facts.credentials),
    function: {
      name,
      handler: config.handler,
      memory: config.memoryMB,
      timeout: config.timeoutSeconds,
      initializer: config.initializer?.handler ?? '',
      initializationTimeout: config.initializer?.timeoutSeconds ?? 0,
      preFreeze: config.preFreeze?.handler ?? '',
      preStop: config.preStop?.handler ?? '',
    },
    service: {
      name: service ?? '',
      logProject: textOf(logConfig, 'project'),
      logStore: textOf(logConfig, 'logstore'),
      qualifier: facts.qualifier,
      versionId: version.versionId === 'LATEST' ? '' : version.versionId,
    },
    region: facts.region,
    accountId: facts.accountId,
  }
}

function textOf(settings: JsonValue | undefined, name: string): string {
  const isObject = typeof settings === 'object' && settings !== null && !Array.isArray(settings)
  const value = isObject ? settings[name] : undefined
  return typeof value === 'string' ? value : ''
}
