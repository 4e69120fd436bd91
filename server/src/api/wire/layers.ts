/** Layers, which both generations have in the same places. */
import { Type } from 'typebox'
import { FcError } from '../../errors.ts'
import type { JsonObject } from '../../model.ts'
import type { Context } from '../operations/context.ts'
import * as layers from '../operations/layers.ts'
import type { LayerVersion } from '../operations/layers.ts'
import { packageLink } from '../package-link.ts'
import type { Route } from '../route.ts'
import { route } from '../route.ts'
import { pageAnswer } from './answers.ts'
import { code, description, flag, oneOf, pageQuery, shape, texts } from './shapes.ts'

const LICENSE_CHARACTERS_MAX = 512
/** The largest that keys hold in order. */
const VERSION_MAX = 9_999_999_999

export interface LayerWire {
  answer: (found: LayerVersion) => JsonObject
  /** Of CreateLayerVersion. */
  created: (found: LayerVersion) => JsonObject
}

/** Members that both generations have. */
export function layerAnswer(context: Context, { version }: LayerVersion): JsonObject {
  const { layerName, description: text, license, compatibleRuntimes, code: ref, createdTime } = version
  const link = packageLink(context.options.packageUrlKey, ref.sha256, context.clock.nowMs())
  return {
    layerName,
    version: version.version,
    description: text,
    license,
    compatibleRuntime: compatibleRuntimes,
    code: { location: context.options.publicUrl() + link, repositoryType: 'OSS' },
    codeSize: ref.sizeBytes,
    codeChecksum: ref.checksum,
    createTime: createdTime,
  }
}

export function layerRoutes(context: Context, { answer, created }: LayerWire): Route[] {
  return [
    route({
      operation: 'CreateLayerVersion',
      method: 'POST',
      path: '/layers/:layerName/versions',
      body: shape({
        code,
        compatibleRuntime: texts,
        description,
        license: Type.String({ maxLength: LICENSE_CHARACTERS_MAX }),
      }),
      carriesCode: true,
      async handle({ params, body, codeChecksum, zip }) {
        const found = await layers.createLayerVersion(context, {
          layerName: params.layerName,
          description: body.description ?? '',
          license: body.license ?? '',
          compatibleRuntimes: body.compatibleRuntime ?? [],
          code: { checksum: codeChecksum, ...body.code, zip },
        })
        return { body: created(found) }
      },
    }),
    route({
      operation: 'GetLayerVersion',
      method: 'GET',
      path: '/layers/:layerName/versions/:version',
      async handle({ params }) {
        return { body: answer(await layers.getLayerVersion(context, params.layerName, params.version)) }
      },
    }),
    route({
      operation: 'GetLayerVersionByArn',
      method: 'GET',
      path: '/layerarn/:arn',
      handle: async ({ params }) => ({ body: answer(await layers.getLayerVersionByArn(context, params.arn)) }),
    }),
    route({
      operation: 'ListLayers',
      method: 'GET',
      path: '/layers',
      query: shape({ ...pageQuery, startKey: pageQuery.prefix, public: flag, official: flag }),
      async handle({ query }) {
        const page = await layers.listLayers(context, query, { onlyPublic: query.public, onlyOfficial: query.official })
        return pageAnswer('layers', page, answer)
      },
    }),
    route({
      operation: 'ListLayerVersions',
      method: 'GET',
      path: '/layers/:layerName/versions',
      query: shape({ startVersion: Type.Integer({ minimum: 0, maximum: VERSION_MAX }), limit: pageQuery.limit }),
      async handle({ params, query }) {
        const { versions, nextVersion } = await layers.listLayerVersions(context, params.layerName, query)
        return { body: { layers: versions.map(answer), ...(nextVersion === undefined ? {} : { nextVersion }) } }
      },
    }),
    route({
      operation: 'DeleteLayerVersion',
      method: 'DELETE',
      path: '/layers/:layerName/versions/:version',
      async handle({ params }) {
        await layers.deleteLayerVersion(context, params.layerName, params.version)
        return {}
      },
    }),
    route({
      operation: 'PutLayerACL',
      method: 'PUT',
      path: '/layers/:layerName/acl',
      query: shape({ acl: oneOf('0', '1'), public: flag }),
      async handle({ params, query }) {
        const isPublic = query.acl === undefined ? query.public : query.acl === '1'
        if (isPublic === undefined) {
          throw new FcError('InvalidArgument', 'acl must be 0 (private) or 1 (public), or public true or false')
        }
        await layers.setLayerAcl(context, params.layerName, isPublic)
        return {}
      },
    }),
  ]
}
