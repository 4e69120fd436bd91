/** Custom domains in version 2023-03-30. */
import type { Static } from 'typebox'
import { Type } from 'typebox'
import type { CustomDomainDocument, JsonObject } from '../../../model.ts'
import type { Resource } from '../../operations/commit.ts'
import type { Context } from '../../operations/context.ts'
import * as domains from '../../operations/domains.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { domainAnswer, domainRoute, pageAnswer } from '../answers.ts'
import { domainSettings, flag, given, oneOf, pageQuery, protocol, routeConfig, shape, text, nameOf } from '../shapes.ts'
import { corsConfig } from '../../operations/trigger-config.ts'

const VERSION = '2023-03-30'

const domainMembers = {
  authConfig: shape({ authType: oneOf('anonymous', 'function', 'jwt'), authInfo: text }),
  ...domainSettings,
  corsConfig,
  isE2B: flag,
}
const domainSettingNames = Object.keys(domainMembers) as (keyof typeof domainMembers)[]
const domainUpdate = shape({ protocol, routeConfig: routeConfig({ functionName: text }), ...domainMembers })

function domainPatch(body: Static<typeof domainUpdate>): domains.DomainPatch {
  return {
    protocol: body.protocol,
    routes: body.routeConfig && (body.routeConfig.routes ?? []).map((item) => domainRoute(item.functionName, item)),
    settings: given(body, domainSettingNames),
  }
}

export function domainRoutes(context: Context): Route[] {
  function answer({ value, etag }: Resource<'domain'>) {
    return { body: render(value), etag }
  }
  function render(domain: CustomDomainDocument): JsonObject {
    const names = (functionName: string) => ({ functionName })
    return { ...domainAnswer(context, domain, VERSION, domainSettingNames, names), subdomainCount: null }
  }

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
      query: shape(pageQuery),
      handle: async ({ query }) => pageAnswer('customDomains', await domains.listDomains(context, query), render),
    }),
  ]
}
