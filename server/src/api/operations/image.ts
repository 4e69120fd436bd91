/** The images of custom-container functions. */
import {
  CONTAINER_RUNTIME,
  containerCommand,
  containerConfig,
  containerFolder,
  containerVariables,
  programRefusal,
} from '../../container-config.ts'
import { FcError } from '../../errors.ts'
import type { FunctionConfig, ImageRef } from '../../model.ts'
import { programProblem } from '../../packages/port.ts'
import type { Context } from './context.ts'
import type { FunctionPatch } from './function-config.ts'

/**
 * Stores the image that a function names after an update (`config`), when the update has its container or its runtime
 * as subject; the name may stand for another image by now. Throws FcError when it cannot run here.
 */
export async function storeImage(
  { images }: Context,
  patch: FunctionPatch,
  config: FunctionConfig,
): Promise<ImageRef | undefined> {
  const isSubject = patch.setsContainer === true || patch.runtime !== undefined
  if (config.runtime !== CONTAINER_RUNTIME || !isSubject || images === undefined) return undefined
  const container = containerConfig(config)
  if (container.image === '') {
    throw new FcError('InvalidArgument', `customContainerConfig.image is required with runtime ${CONTAINER_RUNTIME}`)
  }
  const ref = await images.put(container.image, container.registry)
  const { rootFolder, config: own } = await images.open(ref.sha256)
  const [program] = containerCommand(container, own)
  if (program === undefined) {
    throw new FcError(
      'InvalidArgument',
      'customContainerConfig: the image names no program to run (ENTRYPOINT, CMD); name one as entrypoint or command',
    )
  }
  const path = containerVariables(config, own).PATH
  const problem = await programProblem(rootFolder, program, path, containerFolder(own))
  if (problem === null) return ref
  const { code, message } = programRefusal(program, problem)
  throw new FcError(code, `customContainerConfig: ${message}`)
}
