/** `/sluice/v1/test-events`: what the console offers to try a function with. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Authorizer } from '../../auth/port.ts'
import { createLanes } from '../../lanes.ts'
import type { MetadataStore } from '../../metadata/port.ts'
import { functionArn, type FunctionKey, splitFunctionKey } from '../../model.ts'
import { deleteTestEvent, listTestEvents, putTestEvent } from '../operations/test-events.ts'
import { createReader } from '../schema.ts'
import { queryReader } from './query-reader.ts'
import { functionKey } from './schemas.ts'

export interface TestEventRoutesDeps {
  accountId: string
  region: string
  authorizer: Authorizer
  metadata: MetadataStore
}

const PATH = '/sluice/v1/test-events'

const ofFunction = Type.Object({ function: functionKey })
const named = Type.Object({
  name: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
    description: 'a name of 1 to 64 letters, digits, - and _ that begins with a letter or digit',
  }),
})
const content = Type.Object({
  body: Type.String({ description: 'text: what the function is called with' }),
  contentType: Type.Optional(
    Type.String({
      pattern: String.raw`^[\x20-\x7e]{1,128}$`,
      description: 'a media type; application/json when left out',
    }),
  ),
})

/** The app authenticates: `request.principal` says who asks. */
export function registerTestEventRoutes(app: FastifyInstance, deps: TestEventRoutesDeps): void {
  const stores = { metadata: deps.metadata, lanes: createLanes() }
  const readQuery = queryReader(ofFunction)
  const nameReader = createReader(named)
  const contentReader = createReader(content)

  function read(request: FastifyRequest, action: string): FunctionKey {
    const key = readQuery(request).function
    const { service, name } = splitFunctionKey(key)
    deps.authorizer.authorize(request.principal, action, functionArn(deps.region, deps.accountId, service, name))
    return key
  }

  app.get(PATH, { config: { operation: 'ListTestEvents' } }, async (request) => {
    return { events: await listTestEvents(stores, read(request, 'fc:GetFunction')) }
  })
  app.put(`${PATH}/:name`, { config: { operation: 'PutTestEvent' } }, async (request, reply) => {
    const key = read(request, 'fc:UpdateFunction')
    const { name } = nameReader.read(request.params)
    const { body, contentType = 'application/json' } = contentReader.read(request.body)
    await putTestEvent(stores, key, { name, body, contentType })
    return reply.code(204).send()
  })
  app.delete(`${PATH}/:name`, { config: { operation: 'DeleteTestEvent' } }, async (request, reply) => {
    const key = read(request, 'fc:UpdateFunction')
    await deleteTestEvent(stores, key, nameReader.read(request.params).name)
    return reply.code(204).send()
  })
}
