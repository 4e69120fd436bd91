/** The images of custom-container functions. */
import { CONTAINER_RUNTIME, containerCommand, containerConfig } from '../../container-config.ts'
import { FcError } from '../../errors.ts'
import type { FunctionConfig, ImageRef } from '../../model.ts'
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
  const image = await images.open(ref.sha256)
  if (containerCommand(container, image.config).length > 0) return ref
  throw new FcError(
    'InvalidArgument',
    'customContainerConfig: the image names no program to run (ENTRYPOINT, CMD); name one as entrypoint or command',
  )
}
