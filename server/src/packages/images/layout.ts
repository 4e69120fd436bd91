/** Reads an OCI image layout that holds one image, and judges whether it can run here. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { gigabytes, ImageError, type ImageLimits } from './limits.ts'
import type { LayerFile } from './layer-check.ts'

export const LAYOUT_TAG = 'image'

/** What the image says of itself; each may be empty. */
export interface ImageConfig {
  entrypoint: readonly string[]
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  workingFolder: string
  /** `user[:group]`, names or numbers; empty: root. */
  user: string
}

export interface LayoutImage {
  /** Of its manifest. */
  sha256: string
  sizeBytes: number
  config: ImageConfig
  layers: readonly LayerFile[]
}

interface Descriptor {
  mediaType: string
  digest: string
  size: number
}

/** Of variables and arguments together. */
const CONFIG_BYTES_MAX = 64 * 1024
const DIGEST = /^sha256:([0-9a-f]{64})$/
/** OCI's names, and Docker's for the same. */
const LAYER_TYPES: Readonly<Record<string, { isCompressed: boolean }>> = {
  'application/vnd.oci.image.layer.v1.tar': { isCompressed: false },
  'application/vnd.oci.image.layer.v1.tar+gzip': { isCompressed: true },
  'application/vnd.docker.image.rootfs.diff.tar.gzip': { isCompressed: true },
}
/** As images name the machines that Node.js names otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

export function imageArchitecture(nodeArchitecture: string): string {
  return ARCHITECTURES[nodeArchitecture] ?? nodeArchitecture
}

/** Rejects with ImageError when the image cannot run here, with another error when it is no such layout. */
export async function readLayout(folder: string, architecture: string, limits: ImageLimits): Promise<LayoutImage> {
  const blobPath = (digest: string) => {
    const sha256 = DIGEST.exec(digest)?.[1]
    if (sha256 === undefined) throw new ImageError('it is not addressed by SHA-256')
    return join(folder, 'blobs', 'sha256', sha256)
  }
  const { manifests } = await readJson<{ manifests: Descriptor[] }>(join(folder, 'index.json'), limits)
  const { digest } = manifests[0]!
  const manifest = await readJson<{ config: Descriptor; layers?: Descriptor[] }>(blobPath(digest), limits)
  const { layers = [], config } = manifest
  const sizeBytes = checkSizes([config, ...layers], limits)
  const document = await readJson<Record<string, unknown>>(blobPath(config.digest), limits)
  checkPlatform(document, architecture)
  return {
    sha256: DIGEST.exec(digest)![1]!,
    sizeBytes,
    config: checkTexts(configOf(document['config'])),
    layers: layers.map((layer) => {
      const known = LAYER_TYPES[layer.mediaType]
      if (known === undefined) {
        const accepted = Object.keys(LAYER_TYPES).join(', ')
        throw new ImageError(`a layer is of type ${layer.mediaType}; accepted are ${accepted}`)
      }
      return { path: blobPath(layer.digest), isCompressed: known.isCompressed }
    }),
  }
}

/** The sum, in bytes. Throws ImageError when it, or the number of layers, is beyond the limits. */
export function checkSizes(parts: readonly { size?: number }[], limits: ImageLimits): number {
  const { imageBytesMax, layersMax } = limits
  if (parts.length - 1 > layersMax)
    throw new ImageError(`it has ${parts.length - 1} layers; at most ${layersMax} are accepted`)
  const sizeBytes = parts.reduce((sum, { size }) => sum + (Number.isSafeInteger(size) ? size! : Infinity), 0)
  if (sizeBytes <= imageBytesMax) return sizeBytes
  const size = Number.isFinite(sizeBytes) ? gigabytes(sizeBytes) : 'no known size'
  throw new ImageError(`it has ${size}; at most ${gigabytes(imageBytesMax)} are accepted`)
}

function checkPlatform({ os, architecture: made }: Record<string, unknown>, architecture: string): void {
  if (os === 'linux' && made === architecture) return
  throw new ImageError(`it is made for ${String(os)}/${String(made)}; this machine runs linux/${architecture}`)
}

/** What is of the wrong type is as good as not there. */
function configOf(given: unknown): ImageConfig {
  const config = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])
  const variables = texts(config['Env']).map((variable) => variable.split(/=(.*)/s) as [string, string?])
  return {
    entrypoint: texts(config['Entrypoint']),
    command: texts(config['Cmd']),
    environment: Object.fromEntries(
      variables.filter(([name]) => name !== '').map(([name, value = '']) => [name, value]),
    ),
    workingFolder: text(config['WorkingDir']),
    user: text(config['User']),
  }
}

/** The system gives a program so much, and no text with a NUL; a function has variables of its own beside. */
function checkTexts(config: ImageConfig): ImageConfig {
  const { entrypoint, command, environment, workingFolder, user } = config
  const texts = [...entrypoint, ...command, ...Object.entries(environment).flat(), workingFolder, user]
  if (texts.some((text) => text.includes('\0'))) throw new ImageError('its configuration holds a NUL character')
  const sizeBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 2, 0)
  if (sizeBytes <= CONFIG_BYTES_MAX) return config
  throw new ImageError(`its variables and arguments have ${sizeBytes} bytes; at most ${CONFIG_BYTES_MAX} are accepted`)
}

async function readJson<Value>(path: string, { documentBytesMax }: ImageLimits): Promise<Value> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > documentBytesMax) throw new ImageError('its manifest or configuration is of unreasonable size')
    return JSON.parse(await file.readFile('utf8')) as Value
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new ImageError('its manifest or configuration is not JSON', { cause: error })
    throw error
  } finally {
    await file.close()
  }
}
