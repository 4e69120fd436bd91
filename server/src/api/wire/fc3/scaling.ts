/** Provisioned instances, scaling and reserved concurrency in version 2023-03-30. */
import { Type } from 'typebox'
import type { JsonObject, ScalingDocument } from '../../../model.ts'
import { LATEST } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { arnOf } from '../../operations/context.ts'
import { checkProvision } from '../../operations/provision-settings.ts'
import type { Reservation } from '../../operations/reservations.ts'
import * as reservations from '../../operations/reservations.ts'
import type { Scaling } from '../../operations/scaling.ts'
import * as scaling from '../../operations/scaling.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer } from '../answers.ts'
import {
  provisionAnswer,
  provisionMembers,
  provisionOf,
  scheduledActions,
  scheduledAnswer,
  scheduledOf,
  statusOf,
  target,
  trackingAnswer,
  trackingList,
  trackingMembers,
  trackingOf,
} from '../provision-shape.ts'
import { flag, given, pageQuery, shape, text } from '../shapes.ts'

const qualifierQuery = shape({ qualifier: text })
const listQuery = shape({ functionName: text, limit: pageQuery.limit, nextToken: pageQuery.nextToken })
const qualifierOf = ({ qualifier }: { qualifier?: string }) => qualifier || LATEST

export function scalingRoutes(context: Context): Route[] {
  return [...provisionRoutes(context), ...scalingConfigRoutes(context), ...concurrencyRoutes(context)]
}

/** `''` says that nothing is set: clients look whether it is empty. */
function arnOfScaling(context: Context, { functionKey, qualifier }: ScalingDocument, isSet: boolean): string {
  if (!isSet) return ''
  return arnOf(context, `functions/${functionKey}${qualifier === LATEST ? '' : `/${qualifier}`}`)
}

function provisionRoutes(context: Context): Route[] {
  const render = (document: ScalingDocument, isSet = document.provision !== null): JsonObject => ({
    functionArn: arnOfScaling(context, document, isSet),
    defaultTarget: document.provision?.target ?? 0,
    ...provisionAnswer(context, document),
    alwaysAllocateGPU: document.provision?.alwaysAllocateGpu ?? false,
  })
  return [
    route({
      operation: 'PutProvisionConfig',
      method: 'PUT',
      path: '/functions/:functionName/provision-config',
      query: qualifierQuery,
      body: shape({ defaultTarget: target, ...provisionMembers }),
      async handle({ params, query, body, ifMatch }) {
        const settings = provisionOf(body, body.defaultTarget)
        const qualifier = qualifierOf(query)
        const put = await scaling.putProvision(context, params.functionName, qualifier, settings, ifMatch)
        return { body: render(put.document, true), etag: put.etag }
      },
    }),
    route({
      operation: 'GetProvisionConfig',
      method: 'GET',
      path: '/functions/:functionName/provision-config',
      query: qualifierQuery,
      async handle({ params, query }) {
        const { document, etag } = await scaling.getScaling(context, params.functionName, qualifierOf(query))
        return { body: render(document), etag }
      },
    }),
    route({
      operation: 'DeleteProvisionConfig',
      method: 'DELETE',
      path: '/functions/:functionName/provision-config',
      query: qualifierQuery,
      async handle({ params, query, ifMatch }) {
        await scaling.deleteProvision(context, params.functionName, qualifierOf(query), ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListProvisionConfigs',
      method: 'GET',
      path: '/provision-configs',
      query: listQuery,
      async handle({ query: { functionName, ...request } }) {
        const page = await scaling.listScaling(
          context,
          request,
          ({ functionKey, provision }) => provision !== null && isOf(functionName, functionKey),
        )
        return pageAnswer('provisionConfigs', page, (document) => render(document))
      },
    }),
  ]
}

const isOf = (wanted: string | undefined, functionKey: string) => wanted === undefined || wanted === functionKey

const scalingSettings = {
  residentPoolId: Type.String({ maxLength: 128 }),
  enableMixMode: flag,
  requestDispatchPolicy: Type.String({ maxLength: 64 }),
}
const scalingInput = shape({
  minInstances: target,
  enableOnDemandScaling: flag,
  horizontalScalingPolicies: trackingList(
    Type.Object({ ...trackingMembers, minInstances: target, maxInstances: target }),
  ),
  scheduledPolicies: scheduledActions,
  ...scalingSettings,
})
const scalingWords = {
  scheduled: 'scheduledPolicies',
  tracking: 'horizontalScalingPolicies',
  min: 'minInstances',
  max: 'maxInstances',
}

function scalingConfigRoutes(context: Context): Route[] {
  const render = (document: ScalingDocument, isSet: boolean): JsonObject => {
    const { provision, onDemandMax, settings } = document
    const status = statusOf(context, document)
    return {
      functionArn: arnOfScaling(context, document, isSet),
      minInstances: provision?.target ?? 0,
      currentInstances: status.current,
      targetInstances: status.target,
      currentError: status.currentError,
      enableOnDemandScaling: onDemandMax !== 0,
      horizontalScalingPolicies: (provision?.tracking ?? []).map((policy) =>
        trackingAnswer(policy, 'minInstances', 'maxInstances'),
      ),
      scheduledPolicies: (provision?.scheduled ?? []).map(scheduledAnswer),
      enableMixMode: settings['enableMixMode'] ?? false,
      requestDispatchPolicy: settings['requestDispatchPolicy'] ?? null,
      residentPoolId: settings['residentPoolId'] ?? null,
    }
  }
  const answer = ({ document, etag }: Scaling, isSet = scaling.isScalingSet(document)) => ({
    body: render(document, isSet),
    etag,
  })
  return [
    route({
      operation: 'PutScalingConfig',
      method: 'PUT',
      path: '/functions/:functionName/scaling-config',
      query: qualifierQuery,
      body: scalingInput,
      async handle({ params, query, body, ifMatch }) {
        const provision = {
          target: body.minInstances ?? 0,
          scheduled: scheduledOf(body.scheduledPolicies),
          tracking: (body.horizontalScalingPolicies ?? []).map((policy) =>
            trackingOf(policy, policy.minInstances, policy.maxInstances),
          ),
        }
        checkProvision(provision, scalingWords)
        const input = {
          provision,
          isOnDemandOn: body.enableOnDemandScaling ?? true,
          settings: given(body, Object.keys(scalingSettings) as (keyof typeof scalingSettings)[]),
        }
        const put = await scaling.putScaling(context, params.functionName, qualifierOf(query), input, ifMatch)
        return answer(put, true)
      },
    }),
    route({
      operation: 'GetScalingConfig',
      method: 'GET',
      path: '/functions/:functionName/scaling-config',
      query: qualifierQuery,
      handle: async ({ params, query }) =>
        answer(await scaling.getScaling(context, params.functionName, qualifierOf(query))),
    }),
    route({
      operation: 'DeleteScalingConfig',
      method: 'DELETE',
      path: '/functions/:functionName/scaling-config',
      query: qualifierQuery,
      async handle({ params, query, ifMatch }) {
        await scaling.deleteScaling(context, params.functionName, qualifierOf(query), ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListScalingConfigs',
      method: 'GET',
      path: '/scaling-configs',
      query: listQuery,
      async handle({ query: { functionName, ...request } }) {
        const page = await scaling.listScaling(
          context,
          request,
          (document) => scaling.isScalingSet(document) && isOf(functionName, document.functionKey),
        )
        return pageAnswer('scalingConfigs', page, (document) => render(document, true))
      },
    }),
  ]
}

function concurrencyRoutes(context: Context): Route[] {
  const path = '/functions/:functionName/concurrency'
  const render = ({ functionKey, reservedConcurrency }: Reservation): JsonObject => ({
    functionArn: arnOf(context, `functions/${functionKey}`),
    reservedConcurrency,
  })
  return [
    route({
      operation: 'PutConcurrencyConfig',
      method: 'PUT',
      path,
      body: Type.Object({ reservedConcurrency: Type.Integer({ minimum: 0, maximum: 1_000_000 }) }),
      handle: async ({ params, body }) => ({
        body: render(await reservations.putReservation(context, params.functionName, body.reservedConcurrency)),
      }),
    }),
    route({
      operation: 'GetConcurrencyConfig',
      method: 'GET',
      path,
      handle: async ({ params }) => ({ body: render(await reservations.getReservation(context, params.functionName)) }),
    }),
    route({
      operation: 'DeleteConcurrencyConfig',
      method: 'DELETE',
      path,
      async handle({ params }) {
        await reservations.deleteReservation(context, params.functionName)
        return {}
      },
    }),
    route({
      operation: 'ListConcurrencyConfigs',
      method: 'GET',
      path: '/concurrency-configs',
      query: listQuery,
      async handle({ query: { functionName, ...request } }) {
        const page = await reservations.listReservations(context, request, functionName)
        return pageAnswer('configs', page, render)
      },
    }),
  ]
}
