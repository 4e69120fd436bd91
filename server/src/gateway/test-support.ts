/** Documents for tests of routing and resolving: as small as the model lets them be. */
import type { Change } from '../metadata/port.ts'
import {
  functionKey,
  keyOf,
  type DocumentKind,
  type Documents,
  type FunctionDocument,
  type ServiceDocument,
  type TriggerDocument,
} from '../model.ts'

const times = { createdTime: '2030-01-01T00:00:00Z', lastModifiedTime: '2030-01-01T00:00:00Z' }
let revision = 0

/** A change of the metadata feed; each has the next revision. */
export function changed<Kind extends DocumentKind>(kind: Kind, key: string, value: Documents[Kind] | null): Change {
  return { kind, key, revision: ++revision, value } as unknown as Change
}

export function serviceNamed(name: string): ServiceDocument {
  return { name, serviceId: name, ...times, config: { description: '', role: '', internetAccess: true, settings: {} } }
}

export function functionNamed(service: string | null, name: string, description = ''): FunctionDocument {
  return {
    service,
    name,
    functionId: name,
    ...times,
    restriction: null,
    config: {
      description,
      runtime: 'nodejs20',
      handler: 'index.handler',
      memoryMB: 128,
      cpu: 0.1,
      diskMB: 512,
      timeoutSeconds: 3,
      instanceConcurrency: 1,
      environmentVariables: {},
      code: null,
      layers: [],
      initializer: null,
      preFreeze: null,
      preStop: null,
      role: null,
      internetAccess: null,
      settings: {},
    },
  }
}

export const putService = (name: string) => changed('service', keyOf.service(name), serviceNamed(name))

export const putFunction = (service: string | null, name: string, description = '') =>
  changed('function', functionKey(service, name), functionNamed(service, name, description))

export function putVersion(service: string | null, name: string, versionId: string, description: string): Change {
  const scope = service === null ? `functions/${name}` : `services/${service}`
  return changed('version', keyOf.version(scope, versionId), {
    scope,
    versionId,
    description: '',
    ...times,
    service: service === null ? null : serviceNamed(service),
    functions: { [name]: functionNamed(service, name, description) },
  })
}

export function putAlias(scope: string, aliasName: string, versionId: string, weights: Record<string, number> = {}) {
  return changed('alias', keyOf.alias(scope, aliasName), {
    scope,
    aliasName,
    versionId,
    description: '',
    additionalVersionWeight: weights,
    settings: {},
    ...times,
  })
}

export function putTrigger(key: string, given: Partial<TriggerDocument> = {}): Change {
  const triggerName = given.triggerName ?? 'http'
  return changed('trigger', keyOf.trigger(key, triggerName), {
    functionKey: key,
    triggerName,
    triggerType: 'http',
    triggerId: `id-${triggerName}`,
    triggerConfig: { authType: 'anonymous', methods: ['GET'] },
    qualifier: 'LATEST',
    description: '',
    sourceArn: null,
    invocationRole: null,
    hostId: '0123456789',
    ...times,
    ...given,
  })
}
