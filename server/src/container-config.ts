/** What is set about the container of a function (`customContainerConfig`), as 3.0 writes it. Pure. */
import type { FunctionConfig, JsonObject, JsonValue } from './model.ts'
import type { ProgramProblem, RegistryAccess, UnpackedImage } from './packages/port.ts'

export interface ContainerConfig {
  image: string
  /** Null: the image's own. */
  entrypoint: readonly string[] | null
  command: readonly string[] | null
  /** False (2.0 only): it serves nothing, but runs once for each event. */
  isWebServer: boolean
  registry: RegistryAccess
}

export const CONTAINER_RUNTIME = 'custom-container'
/** What an image that names none finds its programs by. */
const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What is of the wrong type is as good as not there: the wires check it. */
export function containerConfig({ settings }: Pick<FunctionConfig, 'settings'>): ContainerConfig {
  const config = object(settings['customContainerConfig'])
  const registry = object(config['registryConfig'])
  const login = object(registry['authConfig'])
  const certificates = object(registry['certConfig'])
  return {
    image: text(config['image']),
    entrypoint: texts(config['entrypoint']),
    command: texts(config['command']),
    isWebServer: config['webServerMode'] !== false,
    registry: {
      userName: text(login['userName']),
      password: text(login['password']),
      isInsecure: certificates['insecure'] === true,
      rootCaCertificate: text(certificates['rootCaCertBase64']),
    },
  }
}

/**
 * Program and arguments of the first process; empty when neither the function nor the image names any. As container
 * engines have it, an entry point of the function's own leaves no use for the image's arguments.
 */
export function containerCommand(
  { entrypoint, command }: Pick<ContainerConfig, 'entrypoint' | 'command'>,
  image: Pick<UnpackedImage['config'], 'entrypoint' | 'command'>,
): string[] {
  const hasOwnEntrypoint = entrypoint !== null && entrypoint.length > 0
  const args = command !== null && command.length > 0 ? command : hasOwnEntrypoint ? [] : image.command
  return [...(hasOwnEntrypoint ? entrypoint : image.entrypoint), ...args]
}

/** The variables of the first process that are not the platform's: the image's own, and the function's above them. */
export function containerVariables(
  { environmentVariables }: Pick<FunctionConfig, 'environmentVariables'>,
  image: Pick<UnpackedImage['config'], 'environment'>,
): Record<string, string> & { PATH: string } {
  return { PATH: PATH_DEFAULT, ...image.environment, ...environmentVariables }
}

export function containerFolder({ workingFolder }: Pick<UnpackedImage['config'], 'workingFolder'>): string {
  return workingFolder.startsWith('/') ? workingFolder : `/${workingFolder}`
}

/** What the owner of a function is told of a program that cannot be run. */
export function programRefusal(program: string, problem: ProgramProblem): { code: ProgramError; message: string } {
  return problem === 'missing'
    ? { code: 'CAFileNotFound', message: `the program '${program}' is not in the image` }
    : {
        code: 'CAFilePermission',
        message: `the program '${program}' is no file that may be executed; chmod +x it in the image`,
      }
}

type ProgramError = 'CAFileNotFound' | 'CAFilePermission'

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: JsonValue | undefined): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null
}
