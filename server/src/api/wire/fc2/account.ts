/** What versions 2016-08-15 and 2021-04-06 tell of the account, and their tags. */
import { Type } from 'typebox'
import type { TagDocument } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { createTemporaryUpload } from '../../operations/temporary-upload.ts'
import { accountConfigs, accountSettings } from '../../operations/settings.ts'
import { addTags, dropTags, findTaggable, listTagged, readTags } from '../../operations/tags.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer } from '../answers.ts'
import type { Fc2Version } from './version.ts'
import { flag, pageQuery, shape, text, texts } from '../shapes.ts'

export function fc2AccountRoutes(context: Context, version: Fc2Version): Route[] {
  const is2016 = version === '2016-08-15'
  return [
    route({
      operation: 'GetAccountSettings',
      method: 'GET',
      path: '/account-settings',
      handle: async () => ({ body: accountSettings(context) }),
    }),
    route({
      operation: 'ListReservedCapacities',
      method: 'GET',
      path: is2016 ? '/reservedCapacities' : '/reserved-capacities',
      query: shape(pageQuery),
      handle: async () => ({ body: { reservedCapacities: [] } }),
    }),
    ...(is2016 ? [accountConfigRoute(context), ...temporaryUploadRoutes(context)] : []),
    ...tagRoutes(context, is2016),
  ]
}

function accountConfigRoute(context: Context): Route {
  return route({
    operation: 'GetAccountConfigs',
    method: 'GET',
    path: '/accountConfigs',
    query: shape({ config: texts }),
    handle: async ({ query }) => ({ body: accountConfigs(context, query.config ?? []) }),
  })
}

/** 2021-04-06 and 2023-03-30 have no such operation: their tools ask here. */
function temporaryUploadRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'GetTempBucketToken',
      method: 'GET',
      path: '/tempBucketToken',
      async handle() {
        const { codeSizeLimit: _limit, ...body } = await createTemporaryUpload(context)
        return { body }
      },
    }),
    route({
      operation: 'GetTempCodeBucketToken',
      method: 'GET',
      path: '/services/:serviceName/tempCodeBucketToken',
      query: shape({ functionName: text, instanceType: text }),
      handle: async () => ({ body: await createTemporaryUpload(context) }),
    }),
  ]
}

function tagRoutes(context: Context, is2016: boolean): Route[] {
  const render = ({ resourceArn, tags }: TagDocument) => ({ resourceArn, tags })
  const resourceArn = Type.String({ description: 'the ARN of a service or function, or its last part' })
  return [
    route({
      operation: 'TagResource',
      method: 'POST',
      path: '/tag',
      body: Type.Object({ resourceArn, tags: Type.Record(text, text) }),
      async handle({ body }) {
        await addTags(context, [body.resourceArn], body.tags)
        return {}
      },
    }),
    route({
      operation: 'UntagResource',
      method: is2016 ? 'DELETE' : 'PUT',
      path: '/tag',
      body: Type.Object({ resourceArn, tagKeys: Type.Optional(texts), all: Type.Optional(flag) }),
      async handle({ body }) {
        await dropTags(context, [body.resourceArn], body.tagKeys ?? [], body.all ?? false)
        return {}
      },
    }),
    route({
      operation: 'GetResourceTags',
      method: 'GET',
      path: '/tag',
      query: Type.Object({ resourceArn }),
      async handle({ query }) {
        const { arn } = await findTaggable(context, query.resourceArn)
        return { body: { resourceArn: arn, tags: await readTags(context, arn) } }
      },
    }),
    ...(is2016
      ? []
      : [
          route({
            operation: 'ListTaggedResources',
            method: 'GET',
            path: '/tags',
            query: shape(pageQuery),
            handle: async ({ query }) => pageAnswer('resources', await listTagged(context, query), render),
          }),
        ]),
  ]
}
