/** Layers: packages that functions share. Their versions count up, are never changed, and no number is used twice. */
import { FcError } from '../../errors.ts'
import type { Stored } from '../../metadata/port.ts'
import type { LayerDocument, LayerVersionDocument } from '../../model.ts'
import { keyOf } from '../../model.ts'
import type { CodeInput } from './code.ts'
import { storePackage } from './code.ts'
import { change } from './commit.ts'
import type { Context } from './context.ts'
import { arnOf, now } from './context.ts'
import type { Page, PageRequest } from './list.ts'
import { LIST_LIMIT_DEFAULT, listPage } from './list.ts'
import { checkName, isName, isVersionId } from './names.ts'

export interface LayerVersion {
  layer: LayerDocument
  version: LayerVersionDocument
}

export interface NewLayerVersion {
  layerName: string
  description: string
  license: string
  compatibleRuntimes: readonly string[]
  code: CodeInput
}

export function layerArn(context: Context, { layerName, version }: LayerVersionDocument): string {
  return arnOf(context, `layers/${layerName}/versions/${version}`)
}

/** The package is stored first, then one commit makes the version: a crash between leaves nothing that is seen. */
export async function createLayerVersion(context: Context, input: NewLayerVersion): Promise<LayerVersion> {
  const { layerName, description, license, compatibleRuntimes } = input
  checkName('layerName', layerName)
  const unknown = compatibleRuntimes.find((runtime) => !context.runtimes.all.includes(runtime))
  if (unknown !== undefined) {
    const known = context.runtimes.all.join(', ')
    throw new FcError('InvalidArgument', `compatibleRuntime: '${unknown}' is none of ${known}`)
  }
  const { unpackedBytes, ...code } = await storePackage(context, input.code)
  return changeLayer(context, layerName, async () => {
    const stored = await context.metadata.read('layer', keyOf.layer(layerName))
    const number = (stored?.value.lastVersion ?? 0) + 1
    const isPublic = stored?.value.isPublic ?? false
    const layer: LayerDocument = { layerName, lastVersion: number, newestVersion: number, isPublic }
    const version: LayerVersionDocument = {
      layerName,
      version: number,
      description,
      license,
      compatibleRuntimes: [...new Set(compatibleRuntimes)],
      code,
      unpackedBytes,
      createdTime: now(context),
    }
    return {
      writes: [
        { kind: 'layer', key: keyOf.layer(layerName), ifRevision: stored?.revision ?? 0, value: layer },
        { kind: 'layerVersion', key: keyOf.layerVersion(layerName, number), ifRevision: 0, value: version },
      ],
      result: { layer, version },
    }
  })
}

async function changeLayer<Result>(context: Context, layerName: string, plan: Parameters<typeof change<Result>>[2]) {
  return (await change(context, `layers/${layerName}`, plan)).result
}

/** Throws LayerNotFound, also for a layer whose versions are all deleted. */
async function findLayer(context: Context, layerName: string): Promise<Stored<'layer'>> {
  const stored = isName('layerName', layerName) ? await context.metadata.read('layer', layerName) : undefined
  if (!stored || stored.value.newestVersion === 0) {
    throw new FcError('LayerNotFound', `layer '${layerName}' does not exist`)
  }
  return stored
}

async function findVersion(context: Context, layerName: string, version: string): Promise<Stored<'layerVersion'>> {
  const stored = isVersionId(version)
    ? await context.metadata.read('layerVersion', keyOf.layerVersion(layerName, Number(version)))
    : undefined
  if (!stored) throw new FcError('LayerVersionNotFound', `version '${version}' does not exist in layer '${layerName}'`)
  return stored
}

export async function getLayerVersion(context: Context, layerName: string, version: string): Promise<LayerVersion> {
  const layer = await findLayer(context, layerName)
  return { layer: layer.value, version: (await findVersion(context, layerName, version)).value }
}

/** Layers of other accounts and regions are not here: there is one account. */
export async function getLayerVersionByArn(context: Context, arn: string): Promise<LayerVersion> {
  const [, region, account, layerName, version] =
    /^acs:fc:([^:]*):([^:]*):layers\/([^/:]+)\/versions\/(\d+)$/.exec(arn) ?? []
  if (layerName === undefined || version === undefined) {
    throw new FcError(
      'InvalidArgument',
      `layer '${arn}' must be the ARN of a layer version, such as ${arnOf(context, 'layers/{name}/versions/{number}')}`,
    )
  }
  if (!arn.startsWith(arnOf(context, ''))) {
    throw new FcError(
      'LayerVersionNotFound',
      `layer '${arn}' is of account '${account}' in region '${region}'; here are layers of ${arnOf(context, 'layers')} ` +
        'only, official ones are not included: publish its package as a layer of your own',
    )
  }
  return getLayerVersion(context, layerName, version)
}

/** Functions that have the version keep it. */
export async function deleteLayerVersion(context: Context, layerName: string, version: string): Promise<void> {
  await changeLayer(context, layerName, async () => {
    const layer = await findLayer(context, layerName)
    const stored = await findVersion(context, layerName, version)
    const newest = await context.metadata.list('layerVersion', { prefix: `${layerName}/`, descending: true, limit: 2 })
    const newestVersion = newest.find(({ key }) => key !== stored.key)?.value.version ?? 0
    return {
      writes: [
        { kind: 'layer', key: layer.key, ifRevision: layer.revision, value: { ...layer.value, newestVersion } },
        { kind: 'layerVersion', key: stored.key, ifRevision: stored.revision, value: null },
      ],
      result: undefined,
    }
  })
}

/** Lets other accounts use all versions of the layer, or no longer. */
export async function setLayerAcl(context: Context, layerName: string, isPublic: boolean): Promise<void> {
  await changeLayer(context, layerName, async () => {
    const { key, revision, value } = await findLayer(context, layerName)
    return { writes: [{ kind: 'layer', key, ifRevision: revision, value: { ...value, isPublic } }], result: undefined }
  })
}

export interface LayerFilter {
  onlyPublic?: boolean | undefined
  /** Layers of the platform's maker: there are none. */
  onlyOfficial?: boolean | undefined
}

/** The newest version of each layer. */
export async function listLayers(
  context: Context,
  request: PageRequest,
  { onlyPublic = false, onlyOfficial = false }: LayerFilter,
): Promise<Page<LayerVersion>> {
  const page = await listPage(context, 'layer', request, {
    folder: '',
    keep: ({ value }) => value.newestVersion > 0 && !onlyOfficial && (value.isPublic || !onlyPublic),
  })
  const newest = await Promise.all(
    page.items.map(async ({ value: layer }) => {
      const key = keyOf.layerVersion(layer.layerName, layer.newestVersion)
      const version = await context.metadata.read('layerVersion', key)
      // One that was deleted meanwhile.
      return version ? [{ layer, version: version.value }] : []
    }),
  )
  return { ...page, items: newest.flat() }
}

/** Versions from `startVersion` on, the oldest first; `nextVersion` begins the next page, and is absent on the last one. */
export async function listLayerVersions(
  context: Context,
  layerName: string,
  { startVersion = 1, limit = LIST_LIMIT_DEFAULT }: { startVersion?: number | undefined; limit?: number | undefined },
): Promise<{ versions: LayerVersion[]; nextVersion?: number }> {
  const layer = (await findLayer(context, layerName)).value
  const from = keyOf.layerVersion(layerName, startVersion)
  const found = await context.metadata.list('layerVersion', { prefix: `${layerName}/`, from, limit: limit + 1 })
  const versions = found.map(({ value: version }) => ({ layer, version }))
  const next = versions[limit]
  return { versions: versions.slice(0, limit), ...(next && { nextVersion: next.version.version }) }
}
