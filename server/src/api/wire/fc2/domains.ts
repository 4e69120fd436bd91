/** Custom domains in versions 2016-08-15 and 2021-04-06. */
import type { Static } from 'typebox'
import { Type } from 'typebox'
import type { CustomDomainDocument, JsonObject } from '../../../model.ts'
import { functionKey, splitFunctionKey } from '../../../model.ts'
import type { Resource } from '../../operations/commit.ts'
import type { Context } from '../../operations/context.ts'
import * as domains from '../../operations/domains.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { domainAnswer, domainRoute, pageAnswer } from '../answers.ts'
import { domainSettings, given, protocol, routeConfig, shape, text, nameOf } from '../shapes.ts'
import { pages } from './version.ts'

const domainSettingNames = Object.keys(domainSettings) as (keyof typeof domainSettings)[]
const domainUpdate = shape({
  protocol,
  routeConfig: routeConfig({ serviceName: text, functionName: text }),
  ...domainSettings,
})

function domainPatch(body: Static<typeof domainUpdate>): domains.DomainPatch {
  const { protocol, routeConfig } = body
  return {
    protocol,
    routes:
      routeConfig &&
      (routeConfig.routes ?? []).map((item) => domainRoute(functionKey(item.serviceName, item.functionName), item)),
    settings: given(body, domainSettingNames),
  }
}

export function domainRoutes(context: Context): Route[] {
  function render(domain: CustomDomainDocument): JsonObject {
    return domainAnswer(context, domain, '2016-08-15', domainSettingNames, (key) => {
      const { service, name } = splitFunctionKey(key)
      return { serviceName: service, functionName: name }
    })
  }
  const answer = ({ value, etag }: Resource<'domain'>) => ({ body: render(value), etag })
  return [
    route({
      operation: 'CreateCustomDomain',
      method: 'POST',
      path: '/custom-domains',
      body: Type.Object({ domainName: nameOf('domainName'), ...domainUpdate.properties }),
      creates: 'domainName',
      handle: async ({ body }) => answer(await domains.createDomain(context, body.domainName, domainPatch(body))),
    }),
    route({
      operation: 'GetCustomDomain',
      method: 'GET',
      path: '/custom-domains/:domainName',
      handle: async ({ params }) => answer(await domains.getDomain(context, params.domainName)),
    }),
    route({
      operation: 'UpdateCustomDomain',
      method: 'PUT',
      path: '/custom-domains/:domainName',
      body: domainUpdate,
      handle: async ({ params, body, ifMatch }) =>
        answer(await domains.updateDomain(context, params.domainName, domainPatch(body), ifMatch)),
    }),
    route({
      operation: 'DeleteCustomDomain',
      method: 'DELETE',
      path: '/custom-domains/:domainName',
      async handle({ params, ifMatch }) {
        await domains.deleteDomain(context, params.domainName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListCustomDomains',
      method: 'GET',
      path: '/custom-domains',
      query: shape(pages),
      handle: async ({ query }) => pageAnswer('customDomains', await domains.listDomains(context, query), render),
    }),
  ]
}
