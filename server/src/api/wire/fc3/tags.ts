/** Tags in version 2023-03-30, whose keys begin with capitals. */
import { Type } from 'typebox'
import { FcError } from '../../../errors.ts'
import type { TagDocument } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { pageOf } from '../../operations/list.ts'
import type { Tags } from '../../operations/tags.ts'
import { addTags, dropTags, findTaggable, listTagged, readTags, tagsMatch } from '../../operations/tags.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { createReader } from '../../schema.ts'
import { parseJson } from '../answers.ts'
import { flag, pageQuery, shape, text, texts } from '../shapes.ts'

export const tag = Type.Object({ Key: text, Value: Type.Optional(text) })
const tagListReader = createReader(Type.Array(tag))
const textsReader = createReader(texts)
const RESOURCES_PER_CALL_MAX = 50
const RESOURCE_TYPE = 'function'

export function tagsOf(list: readonly { Key: string; Value?: string }[]): Tags {
  return Object.fromEntries(list.map(({ Key, Value }) => [Key, Value ?? '']))
}

/** Tags from a query: a JSON array of `{Key, Value}`. */
export function tagList(json: string, field: string): Tags {
  return tagsOf(tagListReader.read(parseJson(json, field), field))
}

/** A list from a query: a JSON array of text, or the text alone. */
function textList(given: string | undefined, field: string): string[] {
  if (given === undefined) return []
  return given.trimStart().startsWith('[') ? textsReader.read(parseJson(given, field), field) : [given]
}

function checkResourceType(type: string | undefined): void {
  if (type === undefined || /^(ALIYUN::FC:)?FUNCTION$/i.test(type)) return
  throw new FcError('InvalidArgument', 'ResourceType must be function')
}

function rowsOf({ resourceArn, tags }: TagDocument) {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({
    ResourceId: resourceArn,
    ResourceType: RESOURCE_TYPE,
    TagKey,
    TagValue,
  }))
}

export function tagRoutes(context: Context): Route[] {
  const resourceIds = Type.Array(text, { minItems: 1, maxItems: RESOURCES_PER_CALL_MAX })
  return [
    route({
      operation: 'TagResources',
      method: 'POST',
      path: '/tags-v2',
      body: Type.Object({ ResourceType: Type.Optional(text), ResourceId: resourceIds, Tag: Type.Array(tag) }),
      async handle({ body }) {
        checkResourceType(body.ResourceType)
        await addTags(context, body.ResourceId, tagsOf(body.Tag))
        return {}
      },
    }),
    route({
      operation: 'UntagResources',
      method: 'DELETE',
      path: '/tags-v2',
      query: shape({ ResourceType: text, ResourceId: text, TagKey: text, All: flag }),
      async handle({ query }) {
        checkResourceType(query.ResourceType)
        const resources = textList(query.ResourceId, 'ResourceId')
        if (resources.length === 0 || resources.length > RESOURCES_PER_CALL_MAX) {
          throw new FcError(
            'InvalidArgument',
            `ResourceId must be a JSON array of 1 to ${RESOURCES_PER_CALL_MAX} texts`,
          )
        }
        await dropTags(context, resources, textList(query.TagKey, 'TagKey'), query.All ?? false)
        return {}
      },
    }),
    route({
      operation: 'ListTagResources',
      method: 'GET',
      path: '/tags-v2',
      query: shape({
        ResourceType: text,
        ResourceId: text,
        Tag: text,
        Limit: pageQuery.limit,
        NextToken: pageQuery.nextToken,
      }),
      async handle({ query, requestId }) {
        checkResourceType(query.ResourceType)
        const wanted = query.Tag === undefined ? {} : tagList(query.Tag, 'Tag')
        const resources = textList(query.ResourceId, 'ResourceId')
        const request = { limit: query.Limit, nextToken: query.NextToken }
        const page =
          resources.length > 0
            ? pageOf(await named(context, resources, wanted), ({ resourceArn }) => resourceArn, request)
            : await listTagged(context, request, (document) => isFunction(document) && tagsMatch(document.tags, wanted))
        const { nextToken } = page
        return {
          body: {
            RequestId: requestId,
            TagResources: page.items.flatMap(rowsOf),
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          },
        }
      },
    }),
  ]
}

function isFunction({ resourceArn }: TagDocument): boolean {
  return resourceArn.includes('functions/')
}

async function named(context: Context, resources: readonly string[], wanted: Tags): Promise<TagDocument[]> {
  const documents: TagDocument[] = []
  for (const resource of new Set(resources)) {
    const { arn } = await findTaggable(context, resource)
    const tags = await readTags(context, arn)
    if (tagsMatch(tags, wanted)) documents.push({ resourceArn: arn, tags })
  }
  return documents
}
