/** How an instance of a custom-container function is launched: which image, which program, which environment. */
import type { TokenIssuer } from '../../auth/port.ts'
import type { Random } from '../../clock.ts'
import {
  containerCommand,
  containerConfig,
  containerFolder,
  containerVariables,
  programRefusal,
} from '../../container-config.ts'
import type { FunctionVersion } from '../../model.ts'
import type { ImageStore, UnpackedImage } from '../../packages/port.ts'
import { NotRunnable, type ImageSandboxSpec, type Sandbox, type SandboxRuntime } from '../../sandbox/port.ts'
import { credentialsFrame, functionEnvironment, initFrame, LAYERS_PATH, type EnvironmentFacts } from '../environment.ts'
import { StartFailure } from '../failure.ts'
import { HttpLink } from '../http/link.ts'
import type { LaunchPlan } from '../instance.ts'
import { limitsOf, type LaunchOptions } from '../launch.ts'
import type { LinkDeps } from '../link-kinds.ts'
import { containerProgram } from '../program/config.ts'
import { LaunchedProgram } from '../program/program.ts'
import type { StemOwner } from '../stem.ts'
import { Container } from './container.ts'
import { CODE_PATH, EVENT_VARIABLE, JobBody } from './job.ts'

/** Of the environment of a function, what names the libraries of a runtime that is not in the image. */
const OF_RUNTIMES = ['PATH', 'LD_LIBRARY_PATH', 'NODE_PATH', 'PYTHONPATH', 'SLUICE_LAYERS_PATH']

export interface ContainerDeps extends LinkDeps {
  random: Random
  images: ImageStore
  sandboxes: SandboxRuntime
  tokens: TokenIssuer
}

export function createContainerPlanner(
  options: LaunchOptions,
  deps: ContainerDeps,
): (version: FunctionVersion, qualifier: string) => LaunchPlan {
  return (version, qualifier) => {
    const { config } = version.function
    const { image, memoryMB, diskMB, cpu } = config
    if (!image) {
      const errorMessage = `function '${version.key}' has no image yet; name one with UpdateFunction`
      throw new StartFailure({ errorType: 'CodeNotFound', errorMessage, handled: false })
    }
    const container = containerConfig(config)
    const program = containerProgram(config)
    const limits = limitsOf(memoryMB, diskMB, cpu)
    const role = config.role ?? version.service?.config.role ?? ''
    const issue = () => deps.tokens.issue(version.key, role, deps.clock.nowMs())
    const facts = (instanceId: string): EnvironmentFacts => ({
      ...{ accountId: options.accountId, region: options.region, instanceId, qualifier },
      ...{
        codePath: CODE_PATH,
        layersPath: LAYERS_PATH,
        runtimeVersion: '',
        credentials: issue(),
        endpoints: options.endpoints(),
      },
    })
    let opened: Promise<UnpackedImage> | null = null
    const open = () => (opened ??= deps.images.open(image.sha256))

    async function create(
      instanceId: string,
      variables: Record<string, string>,
      onOutput: StemOwner['onOutput'],
    ): Promise<Sandbox> {
      const { rootFolder, config: own } = await open()
      const environment = { ...containerEnvironment(version, facts(instanceId), own), ...variables }
      const { user } = own
      const spec: ImageSandboxSpec = {
        id: `c-${deps.random.bytes(8).toString('hex')}`,
        command: containerCommand(container, own),
        ...{ environment, limits, onOutput },
        image: { rootFolder, user, workingFolder: containerFolder(own) },
      }
      if (deps.sandboxes.createFromImage === undefined) throw new Error('containers need the oci sandbox')
      try {
        return await deps.sandboxes.createFromImage(spec)
      } catch (error) {
        throw error instanceof NotRunnable ? startFailure(spec.command[0]!, error.reason) : error
      }
    }

    const common = {
      limits,
      hasStem: () => false,
      takeStem: () => null,
      folders: async () => ({ code: (await open()).rootFolder, layers: null }),
      credentials: () => credentialsFrame(issue()),
      initFrame: (instanceId: string, requestId: string) =>
        initFrame(version, facts(instanceId), requestId, options.responseBytesMax),
    }
    if (!container.isWebServer) {
      return {
        ...common,
        bootStem: (instanceId) =>
          new JobBody(instanceId, (event, onOutput) => create(instanceId, { [EVENT_VARIABLE]: event }, onOutput)),
        link: (body: JobBody, owner) => body.take(owner),
      }
    }
    const ports = { FC_CUSTOM_LISTEN_PORT: String(program.port), FC_SERVER_PORT: String(program.port) }
    return {
      ...common,
      bootStem: (instanceId) => new Container((onOutput) => create(instanceId, ports, onOutput)),
      link: (body: Container, owner) => new HttpLink(new LaunchedProgram(body, owner), program, deps),
    }
  }
}

/** The image's own variables, and those of the function above them. */
export function containerEnvironment(
  version: FunctionVersion,
  facts: EnvironmentFacts,
  image: UnpackedImage['config'],
): Record<string, string> {
  const own = functionEnvironment(version, facts)
  for (const name of OF_RUNTIMES) delete own[name]
  return { ...containerVariables(version.function.config, image), ...own }
}

function startFailure(program: string, reason: NotRunnable['reason']): StartFailure {
  const { code, message } = programRefusal(program, reason)
  return new StartFailure({ errorType: code, errorMessage: message, handled: false })
}
