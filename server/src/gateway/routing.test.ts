import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Change } from '../metadata/port.ts'
import { keyOf, type FunctionDocument, type LayerVersionDocument } from '../model.ts'
import { togetherKey } from '../packages/port.ts'
import { pickVersion, Routing } from './routing.ts'
import { changed, functionNamed, putAlias, putFunction, putService, putTrigger, putVersion } from './test-support.ts'

function routingWith(...changes: Parameters<Routing['apply']>[0]) {
  const retired: string[] = []
  const routing = new Routing(
    (id) => retired.push(id),
    () => {},
  )
  routing.apply(changes)
  const description = (service: string | null, name: string, qualifier = '', fraction = 0) =>
    routing.resolve(service, name, qualifier, () => fraction).version.function.config.description
  return { routing, retired, description }
}

const weighted = putAlias('functions/f', 'live', '1', { 2: 0.25 })

test('a qualifier leads to LATEST, a version or an alias', () => {
  const { routing, description } = routingWith(
    putFunction(null, 'f', 'latest'),
    putVersion(null, 'f', '1', 'one'),
    putVersion(null, 'f', '2', 'two'),
    weighted,
    putAlias('functions/f', 'edge', 'LATEST'),
  )
  assert.deepEqual(
    ['', 'LATEST', '1', '2', 'edge'].map((qualifier) => description(null, 'f', qualifier)),
    ['latest', 'latest', 'one', 'two', 'latest'],
  )
  assert.deepEqual(
    [0, 0.24, 0.25, 0.99].map((fraction) => description(null, 'f', 'live', fraction)),
    ['two', 'two', 'one', 'one'],
  )
  assert.equal(routing.resolve(null, 'f', 'live', () => 0).qualifier, 'live')
  assert.equal(routing.resolve(null, 'f', '', () => 0).qualifier, 'LATEST')
})

test('what is missing is told by its kind', () => {
  const { routing } = routingWith(putService('s'), putFunction('s', 'f'), putFunction(null, 'f'))
  const code = (service: string | null, name: string, qualifier: string) => {
    assert.throws(() => routing.resolve(service, name, qualifier, () => 0))
    try {
      routing.resolve(service, name, qualifier, () => 0)
    } catch (error) {
      return (error as { code: string }).code
    }
    return undefined
  }
  assert.equal(code('none', 'f', ''), 'ServiceNotFound')
  assert.equal(code('none', 'f', '1'), 'ServiceNotFound')
  assert.equal(code('s', 'none', ''), 'FunctionNotFound')
  assert.equal(code(null, 'none', '1'), 'FunctionNotFound')
  assert.equal(code('s', 'f', '1'), 'VersionNotFound')
  assert.equal(code(null, 'f', 'alias'), 'AliasNotFound')
})

test('an update makes a new version and retires the one before, a published one stays', () => {
  const { routing, retired } = routingWith(putFunction(null, 'f', 'a'), putVersion(null, 'f', '1', 'one'))
  const version = (qualifier: string) => routing.resolve(null, 'f', qualifier, () => 0).version
  const latest = version('')
  const published = version('1')
  assert.equal(version('LATEST'), latest, 'the same object as long as nothing changes')
  routing.apply([putFunction(null, 'f', 'b')])
  assert.deepEqual(retired, [latest.id])
  assert.notEqual(version('').id, latest.id)
  assert.equal(version('').function.config.description, 'b')
  assert.equal(version('1').id, published.id)
})

test('a change of a service retires its functions, and no others', () => {
  const { routing, retired } = routingWith(
    putService('s'),
    putService('s2'),
    putFunction('s', 'f'),
    putFunction('s2', 'f'),
    putFunction(null, 's'),
  )
  const resolve = (service: string | null, name: string) => routing.resolve(service, name, '', () => 0).version.id
  const mine = resolve('s', 'f')
  resolve('s2', 'f')
  resolve(null, 's')
  routing.apply([putService('s')])
  assert.deepEqual(retired, [mine])
})

test('a disabled function disables its versions too', () => {
  const { routing, retired } = routingWith(putFunction(null, 'f'), putVersion(null, 'f', '1', ''))
  routing.resolve(null, 'f', '1', () => 0)
  const restriction = { reason: 'r', lastModifiedTime: '2030-01-01T00:00:00Z', abortsOngoing: false }
  routing.apply([changed('function', 'f', { ...functionNamed(null, 'f'), restriction })])
  assert.deepEqual(routing.resolve(null, 'f', '1', () => 0).version.function.restriction, restriction)
  assert.deepEqual(retired, [], 'its instances are there when it is enabled again')
})

test('a function that is disabled along with what runs is told of, with the reason', () => {
  const aborted: string[] = []
  const routing = new Routing(
    () => {},
    (key, reason) => aborted.push(`${key}: ${reason}`),
  )
  const restricted = (abortsOngoing: boolean) => {
    const restriction = { reason: 'repairs', lastModifiedTime: '2030-01-01T00:00:00Z', abortsOngoing }
    return changed('function', 'f', { ...functionNamed(null, 'f'), restriction })
  }
  routing.apply([putFunction(null, 'f'), restricted(false)])
  assert.deepEqual(aborted, [])
  routing.apply([restricted(true)])
  assert.deepEqual(aborted, ['f: repairs'])
})

test('a function that is gone is not routed to', () => {
  const { routing, retired } = routingWith(putFunction(null, 'f'))
  const { id } = routing.resolve(null, 'f', '', () => 0).version
  routing.apply([changed('function', 'f', null)])
  assert.deepEqual(retired, [id])
  assert.throws(() => routing.resolve(null, 'f', '', () => 0), { code: 'FunctionNotFound' })
  assert.equal(routing.functionCount, 0)
})

test('triggers are found by host and by function, and move when they change', () => {
  const { routing } = routingWith(
    putTrigger('f'),
    putTrigger('f', { triggerName: 'on-alias', qualifier: 'live', hostId: 'aaaaaaaaaa' }),
    putTrigger('f', { triggerName: 'timer', triggerType: 'timer', hostId: null }),
  )
  assert.equal(routing.httpTrigger('0123456789')?.triggerName, 'http')
  assert.equal(routing.httpTriggerOf('f', '')?.triggerName, 'http')
  assert.equal(routing.httpTriggerOf('f', 'live')?.triggerName, 'on-alias')
  assert.equal(routing.httpTriggerOf('f', '1'), undefined)
  routing.apply([putTrigger('f', { qualifier: '1' })])
  assert.equal(routing.httpTriggerOf('f', ''), undefined)
  assert.equal(routing.httpTriggerOf('f', '1')?.triggerName, 'http')
  routing.apply([changed('trigger', keyOf.trigger('f', 'http'), null)])
  assert.equal(routing.httpTrigger('0123456789'), undefined)
  assert.equal(routing.httpTriggerOf('f', '1'), undefined)
  assert.equal(routing.httpTriggerOf('f', 'live')?.triggerName, 'on-alias')
})

test('an alias picks each version as often as its weight says', () => {
  const weights = fc.dictionary(fc.constantFrom('2', '3', '4'), fc.double({ min: 0.01, max: 0.3, noNaN: true }))
  fc.assert(
    fc.property(weights, (additionalVersionWeight) => {
      const alias = { ...weighted.value, versionId: '1', additionalVersionWeight } as never
      const rounds = 1000
      const counts = new Map<string, number>()
      for (let i = 0; i < rounds; i++) {
        const picked = pickVersion(alias, () => i / rounds)
        counts.set(picked, (counts.get(picked) ?? 0) + 1)
      }
      for (const [versionId, weight] of Object.entries(additionalVersionWeight)) {
        assert.ok(Math.abs((counts.get(versionId) ?? 0) / rounds - weight) <= 2 / rounds)
      }
    }),
    { numRuns: 30 },
  )
})

test('packages in use are those of functions and published versions, with their layers, and of layers that nobody uses', () => {
  const ref = (sha256: string) => ({ sha256, sizeBytes: 1, checksum: '1' })
  const layer = (sha256: string) => ({ arn: sha256, code: ref(sha256), unpackedBytes: 1, compatibleRuntimes: [] })
  const withPackages = (name: string, code: string, layers: string[]): FunctionDocument => {
    const document = functionNamed(null, name)
    return { ...document, config: { ...document.config, code: ref(code), layers: layers.map(layer) } }
  }
  const version: LayerVersionDocument = {
    layerName: 'l',
    version: 1,
    description: '',
    license: '',
    compatibleRuntimes: [],
    code: ref('unused'),
    unpackedBytes: 1,
    createdTime: '2030-01-01T00:00:00Z',
  }
  const published = putVersion(null, 'f', '1', 'one') as Extract<Change, { kind: 'version' }>
  published.value!.functions['f'] = withPackages('f', 'old', ['a'])
  const { routing } = routingWith(
    changed('function', 'f', withPackages('f', 'new', ['a', 'b'])),
    published,
    changed('layerVersion', keyOf.layerVersion('l', 1), version),
  )
  const together = togetherKey(['a', 'b'])
  assert.deepEqual(routing.codeInUse(), new Set(['old', 'a', 'new', 'b', together, 'unused']))
  routing.apply([changed('layerVersion', keyOf.layerVersion('l', 1), null), changed('function', 'f', null)])
  assert.deepEqual(routing.codeInUse(), new Set(['old', 'a']))
})
