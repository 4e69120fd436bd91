/** Provisioned and on-demand instances in versions 2016-08-15 and 2021-04-06. */
import { Type } from 'typebox'
import { FcError } from '../../../errors.ts'
import type { FunctionKey, JsonObject, ScalingDocument } from '../../../model.ts'
import { functionKey, keyOf, LATEST, splitFunctionKey } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import type { Scaling } from '../../operations/scaling.ts'
import * as scaling from '../../operations/scaling.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer } from '../answers.ts'
import { provisionAnswer, provisionMembers, provisionOf, target as count } from '../provision-shape.ts'
import { pageQuery, shape, text } from '../shapes.ts'
import { pages, qualifierQuery, target } from './version.ts'

export function scalingRoutes(context: Context): Route[] {
  return [...provisionRoutes(context), ...onDemandRoutes(context)]
}

interface Params {
  serviceName: string
  functionName: string
}

function targetOf(params: Params, query: { qualifier?: string }): { key: FunctionKey; qualifier: string | undefined } {
  const { service, qualifier } = target(params.serviceName, query)
  return { key: functionKey(service, params.functionName), qualifier: qualifier || undefined }
}

/** The resource of an answer is the key of its document. */
const resourceOf = (document: ScalingDocument) => keyOf.scaling(document.functionKey, document.qualifier)

function provisionRoutes(context: Context): Route[] {
  const path = '/services/:serviceName/functions/:functionName/provision-config'
  const find = (params: Params, query: { qualifier?: string }) => {
    const { key, qualifier } = targetOf(params, query)
    if (qualifier !== undefined) return { key, qualifier }
    throw new FcError(
      'InvalidArgument',
      'qualifier is required: an alias of the service, or LATEST; in version 2016-08-15 it follows the service in ' +
        'the path, as {service}.{qualifier}',
    )
  }
  const render = (document: ScalingDocument): JsonObject => ({
    resource: resourceOf(document),
    ...provisionAnswer(context, document),
  })
  return [
    route({
      operation: 'PutProvisionConfig',
      method: 'PUT',
      path,
      query: qualifierQuery,
      body: Type.Object({ ...shape(provisionMembers).properties, target: count }),
      async handle({ params, query, body, ifMatch }) {
        const { key, qualifier } = find(params, query)
        const settings = provisionOf(body, undefined)
        const { document, etag } = await scaling.putProvision(context, key, qualifier, settings, ifMatch)
        return { body: render(document), etag }
      },
    }),
    route({
      operation: 'GetProvisionConfig',
      method: 'GET',
      path,
      query: qualifierQuery,
      async handle({ params, query }) {
        const { key, qualifier } = find(params, query)
        const { document, etag } = await scaling.getScaling(context, key, qualifier)
        return { body: render(document), etag }
      },
    }),
    route({
      operation: 'ListProvisionConfigs',
      method: 'GET',
      path: '/provision-configs',
      query: shape({ serviceName: text, qualifier: text, limit: pageQuery.limit, nextToken: pageQuery.nextToken }),
      async handle({ query: { serviceName, qualifier, ...request } }) {
        if (qualifier !== undefined && serviceName === undefined) {
          throw new FcError('InvalidArgument', 'serviceName is required when qualifier is given')
        }
        const page = await scaling.listScaling(
          context,
          request,
          (document) =>
            document.provision !== null &&
            isOfService(document) &&
            (serviceName === undefined || splitFunctionKey(document.functionKey).service === serviceName) &&
            (qualifier === undefined || document.qualifier === qualifier),
        )
        return pageAnswer('provisionConfigs', page, render)
      },
    }),
  ]
}

const isOfService = ({ functionKey: key }: ScalingDocument) => splitFunctionKey(key).service !== null

function onDemandRoutes(context: Context): Route[] {
  const path = '/services/:serviceName/functions/:functionName/on-demand-config'
  const find = (params: Params, query: { qualifier?: string }) => {
    const { key, qualifier = LATEST } = targetOf(params, query)
    return { key, qualifier }
  }
  const render = (document: ScalingDocument): JsonObject => ({
    resource: resourceOf(document),
    maximumInstanceCount: document.onDemandMax,
  })
  const answer = ({ document, etag }: Scaling) => ({ body: render(document), etag })
  return [
    route({
      operation: 'PutFunctionOnDemandConfig',
      method: 'PUT',
      path,
      query: qualifierQuery,
      body: Type.Object({ maximumInstanceCount: count }),
      async handle({ params, query, body, ifMatch }) {
        const { key, qualifier } = find(params, query)
        return answer(await scaling.putOnDemand(context, key, qualifier, body.maximumInstanceCount, ifMatch))
      },
    }),
    route({
      operation: 'GetFunctionOnDemandConfig',
      method: 'GET',
      path,
      query: qualifierQuery,
      async handle({ params, query }) {
        const { key, qualifier } = find(params, query)
        return answer(await scaling.getOnDemand(context, key, qualifier))
      },
    }),
    route({
      operation: 'DeleteFunctionOnDemandConfig',
      method: 'DELETE',
      path,
      query: qualifierQuery,
      async handle({ params, query, ifMatch }) {
        const { key, qualifier } = find(params, query)
        await scaling.deleteOnDemand(context, key, qualifier, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListOnDemandConfigs',
      method: 'GET',
      path: '/on-demand-configs',
      query: shape(pages),
      async handle({ query }) {
        const page = await scaling.listScaling(
          context,
          query,
          (document) => document.onDemandMax !== null && isOfService(document),
        )
        const { body } = pageAnswer('configs', page, render)
        // The one list that is null when it is empty.
        return { body: page.items.length === 0 ? { ...body, configs: null } : body }
      },
    }),
  ]
}
