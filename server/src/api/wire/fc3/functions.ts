/** Functions in version 2023-03-30. */
import { Type } from 'typebox'
import type { FunctionDocument } from '../../../model.ts'
import { functionKey, splitFunctionKey } from '../../../model.ts'
import type { FunctionPatch } from '../../operations/function-config.ts'
import type { Context } from '../../operations/context.ts'
import type { QualifiedFunction } from '../../operations/find.ts'
import { findQualifiedFunction, withService } from '../../operations/find.ts'
import * as functions from '../../operations/functions.ts'
import { functionArn, readTags } from '../../operations/tags.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { codeAnswer, pageAnswer } from '../answers.ts'
import type { FunctionBody } from './function-shape.ts'
import {
  functionAnswer,
  functionCreate,
  functionListItem,
  functionPatch,
  functionUpdate,
  withoutServiceMembers,
} from './function-shape.ts'
import { tagList, tagsOf } from './tags.ts'
import { flag, oneOf, pageQuery, shape, text } from '../shapes.ts'

const qualifierQuery = shape({ qualifier: text })

export function functionRoutes(context: Context): Route[] {
  async function answer(found: Omit<QualifiedFunction, 'etag'>, etag: string) {
    return { body: functionAnswer(context, found, await tagsOfFunction(found.function)), etag }
  }

  function tagsOfFunction({ service, name }: FunctionDocument) {
    return readTags(context, functionArn(context, functionKey(service, name)))
  }

  async function patchFor(key: string, body: FunctionBody): Promise<FunctionPatch> {
    if (splitFunctionKey(key).service === null) return functionPatch(body)
    const { service } = await findQualifiedFunction(context, key)
    return functionPatch(service ? withoutServiceMembers(body, service) : body)
  }

  return [
    route({
      operation: 'CreateFunction',
      method: 'POST',
      path: '/functions',
      body: functionCreate,
      creates: 'functionName',
      carriesCode: true,
      async handle({ body, codeChecksum, zip }) {
        const { functionName: name } = body
        const { value, etag } = await functions.createFunction(context, {
          service: null,
          name,
          patch: functionPatch(body),
          code: body.code && { checksum: codeChecksum, ...body.code, zip },
          tags: body.tags && tagsOf(body.tags),
        })
        return answer(await withService(context, value), etag)
      },
    }),
    route({
      operation: 'GetFunction',
      method: 'GET',
      path: '/functions/:functionName',
      query: qualifierQuery,
      async handle({ params, query }) {
        const found = await findQualifiedFunction(context, params.functionName, query.qualifier)
        return answer(found, found.etag)
      },
    }),
    route({
      operation: 'UpdateFunction',
      method: 'PUT',
      path: '/functions/:functionName',
      body: functionUpdate,
      carriesCode: true,
      async handle({ params: { functionName: key }, body, ifMatch, codeChecksum, zip }) {
        const code = body.code && { checksum: codeChecksum, ...body.code, zip }
        const patch = await patchFor(key, body)
        const { value, etag } = await functions.updateFunction(context, key, patch, code, ifMatch)
        return answer(await withService(context, value), etag)
      },
    }),
    route({
      operation: 'DeleteFunction',
      method: 'DELETE',
      path: '/functions/:functionName',
      async handle({ params, ifMatch }) {
        await functions.deleteFunction(context, params.functionName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListFunctions',
      method: 'GET',
      path: '/functions',
      query: shape({
        ...pageQuery,
        fcVersion: oneOf('v2', 'v3'),
        description: text,
        functionName: text,
        runtime: text,
        gpuType: text,
        resourceGroupId: text,
        tags: text,
      }),
      async handle({ query }) {
        const page = await functions.listFunctions(context, query, {
          generation: query.fcVersion,
          runtime: query.runtime,
          name: query.functionName,
          description: query.description,
          resourceGroupId: query.resourceGroupId,
          gpuType: query.gpuType,
          tags: query.tags === undefined ? undefined : tagList(query.tags, 'tags'),
        })
        const items = await Promise.all(
          page.items.map(async (document) => {
            const found = await withService(context, document)
            return functionListItem(context, found, await tagsOfFunction(document))
          }),
        )
        return pageAnswer('functions', { ...page, items }, (item) => item)
      },
    }),
    route({
      operation: 'GetFunctionCode',
      method: 'GET',
      path: '/functions/:functionName/code',
      query: qualifierQuery,
      async handle({ params, query }) {
        const found = await findQualifiedFunction(context, params.functionName, query.qualifier)
        return codeAnswer(context, found.function.config.code)
      },
    }),
    route({
      operation: 'DisableFunctionInvocation',
      method: 'POST',
      path: '/functions/:functionName/invoke/disable',
      body: shape({ reason: Type.String({ maxLength: 256 }), abortOngoingRequest: flag }),
      async handle({ params, body }) {
        await functions.restrictFunction(context, params.functionName, body.reason ?? '', body.abortOngoingRequest)
        return { body: { success: true } }
      },
    }),
    route({
      operation: 'EnableFunctionInvocation',
      method: 'POST',
      path: '/functions/:functionName/invoke/enable',
      async handle({ params }) {
        await functions.restrictFunction(context, params.functionName, null)
        return { body: { success: true } }
      },
    }),
  ]
}
