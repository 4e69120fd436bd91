/** The layers of a function: from their ARNs to what the function keeps of them. */
import { FcError } from '../../errors.ts'
import type { FunctionLayer } from '../../model.ts'
import type { Context } from './context.ts'
import { getLayerVersionByArn, layerArn } from './layers.ts'

export const LAYERS_PER_FUNCTION_MAX = 5
/** Of all layers of a function, unpacked: what one package may have. */
export const LAYERS_UNPACKED_BYTES_MAX = 1024 * 1024 * 1024

/**
 * Throws FcError when one does not exist, or they cannot be used together. Those that the function has in `current` are
 * kept as they are, also when the layer version was deleted since.
 */
export async function findLayers(
  context: Context,
  arns: readonly string[],
  current: readonly FunctionLayer[],
): Promise<FunctionLayer[]> {
  if (arns.length > LAYERS_PER_FUNCTION_MAX) {
    throw new FcError('InvalidArgument', `layers must be at most ${LAYERS_PER_FUNCTION_MAX}, not ${arns.length}`)
  }
  const layers = await Promise.all(
    arns.map(async (arn) => current.find((layer) => layer.arn === arn) ?? findLayer(context, arn)),
  )
  checkNamedOnce(arns)
  checkUnpackedSize(layers)
  const sha256s = layers.map(({ code }) => code.sha256)
  // Whatever is deleted from now on, they stay until the function refers to them.
  await Promise.all(sha256s.map((sha256) => context.packages.renew(sha256)))
  // What cannot be shown in one folder is refused now, and not when the function starts.
  if (layers.length > 1) await context.packages.unpackTogether(sha256s)
  return layers
}

async function findLayer(context: Context, arn: string): Promise<FunctionLayer> {
  const { version } = await getLayerVersionByArn(context, arn)
  const { code, unpackedBytes, compatibleRuntimes } = version
  return { arn: layerArn(context, version), code, unpackedBytes, compatibleRuntimes }
}

function checkNamedOnce(arns: readonly string[]): void {
  const names = arns.map((arn) => arn.replace(/\/versions\/\d+$/, ''))
  const repeated = names.find((name, at) => names.indexOf(name) !== at)
  if (repeated === undefined) return
  throw new FcError('InvalidArgument', `layers must name each layer once; '${repeated}' is there several times`)
}

function checkUnpackedSize(layers: readonly FunctionLayer[]): void {
  const sizeBytes = layers.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0)
  if (sizeBytes <= LAYERS_UNPACKED_BYTES_MAX) return
  throw new FcError(
    'InvalidArgument',
    `layers must be at most ${LAYERS_UNPACKED_BYTES_MAX} bytes in all, unpacked, not ${sizeBytes}`,
  )
}
