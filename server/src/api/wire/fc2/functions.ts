/** Functions in versions 2016-08-15 and 2021-04-06. */
import { functionKey } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { findQualifiedFunction } from '../../operations/find.ts'
import * as functions from '../../operations/functions.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { codeAnswer, pageAnswer } from '../answers.ts'
import { functionAnswer, functionCreate, functionPatch, functionUpdate } from './shapes.ts'
import { shape, text } from '../shapes.ts'
import { pages, qualifierQuery, target } from './version.ts'

export function functionRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'CreateFunction',
      method: 'POST',
      path: '/services/:serviceName/functions',
      body: functionCreate,
      creates: 'functionName',
      carriesCode: true,
      async handle({ params, body, codeChecksum, zip }) {
        const { value, etag } = await functions.createFunction(context, {
          service: params.serviceName,
          name: body.functionName,
          patch: functionPatch(body),
          code: body.code && { checksum: codeChecksum, ...body.code, zip },
        })
        return { body: functionAnswer(value), etag }
      },
    }),
    route({
      operation: 'GetFunction',
      method: 'GET',
      path: '/services/:serviceName/functions/:functionName',
      query: qualifierQuery,
      async handle({ params, query }) {
        const { service, qualifier } = target(params.serviceName, query)
        const found = await findQualifiedFunction(context, functionKey(service, params.functionName), qualifier)
        return { body: functionAnswer(found.function), etag: found.etag }
      },
    }),
    route({
      operation: 'UpdateFunction',
      method: 'PUT',
      path: '/services/:serviceName/functions/:functionName',
      body: functionUpdate,
      carriesCode: true,
      async handle({ params, body, ifMatch, codeChecksum, zip }) {
        const key = functionKey(params.serviceName, params.functionName)
        const code = body.code && { checksum: codeChecksum, ...body.code, zip }
        const { value, etag } = await functions.updateFunction(context, key, functionPatch(body), code, ifMatch)
        return { body: functionAnswer(value), etag }
      },
    }),
    route({
      operation: 'DeleteFunction',
      method: 'DELETE',
      path: '/services/:serviceName/functions/:functionName',
      async handle({ params, ifMatch }) {
        await functions.deleteFunction(context, functionKey(params.serviceName, params.functionName), ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListFunctions',
      method: 'GET',
      path: '/services/:serviceName/functions',
      query: shape({ ...pages, qualifier: text }),
      async handle({ params, query }) {
        const { service, qualifier } = target(params.serviceName, query)
        const page = await functions.listServiceFunctions(context, service, qualifier, query)
        return pageAnswer('functions', page, functionAnswer)
      },
    }),
    route({
      operation: 'GetFunctionCode',
      method: 'GET',
      path: '/services/:serviceName/functions/:functionName/code',
      query: qualifierQuery,
      async handle({ params, query }) {
        const { service, qualifier } = target(params.serviceName, query)
        const found = await findQualifiedFunction(context, functionKey(service, params.functionName), qualifier)
        return codeAnswer(context, found.function.config.code)
      },
    }),
  ]
}
