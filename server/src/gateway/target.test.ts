import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FcError } from '../errors.ts'
import { decoded, hostName, targetOf, triggerHostId } from './target.ts'

const refusal = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    if (error instanceof FcError) return error.code
    throw error
  }
  return undefined
}

test('event invocations of all three versions are recognised', () => {
  const event = { kind: 'event', name: 'f' }
  assert.deepEqual(targetOf('/2016-08-15/services/s.live/functions/f/invocations', ''), {
    ...event,
    apiVersion: '2016-08-15',
    service: 's',
    qualifier: 'live',
  })
  assert.deepEqual(targetOf('/2021-04-06/services/s/functions/f/invocations', 'qualifier=3'), {
    ...event,
    apiVersion: '2021-04-06',
    service: 's',
    qualifier: '3',
  })
  const three = { ...event, apiVersion: '2023-03-30' }
  assert.deepEqual(targetOf('/2023-03-30/functions/f/invocations', ''), { ...three, service: null, qualifier: '' })
  assert.deepEqual(targetOf('/2023-03-30/functions/s%24f/invocations/', 'a=b&qualifier=LATEST'), {
    ...three,
    service: 's',
    qualifier: 'LATEST',
  })
})

test('a proxy path keeps what follows the function as it was sent', () => {
  const of = (path: string) => targetOf(path, '')
  const proxy = { kind: 'proxy', service: 's', name: 'f', qualifier: '' }
  assert.deepEqual(of('/2016-08-15/proxy/s/f'), { ...proxy, rawPath: '/' })
  assert.deepEqual(of('/2016-08-15/proxy/s/f/a%20b//c/'), { ...proxy, rawPath: '/a%20b//c/' })
  assert.deepEqual(of('/2021-04-06/proxy/s.1/f/'), { ...proxy, qualifier: '1', rawPath: '/' })
})

test('everything else is the management API', () => {
  for (const path of [
    '/',
    '/healthz',
    '/2016-08-15/services',
    '/2023-03-30/functions/f',
    '/2023-03-30/functions/f/invocations/x',
    '/x/2016-08-15/proxy/s/f',
  ]) {
    assert.deepEqual(targetOf(path, ''), { kind: 'management' }, path)
  }
})

test('names and qualifiers that could never be are refused, naming the field', () => {
  assert.equal(
    refusal(() => targetOf('/2016-08-15/proxy/s', '')),
    'PathNotSupported',
  )
  for (const path of [
    '/2016-08-15/proxy/s%2fx/f/',
    '/2016-08-15/proxy/1s/f/',
    '/2016-08-15/proxy/s/%00/',
    '/2016-08-15/proxy/s.a%20b/f/',
    '/2016-08-15/proxy/s./f/',
    `/2023-03-30/functions/${'f'.repeat(129)}/invocations`,
    '/2023-03-30/functions/a%24b%24c/invocations',
    '/2023-03-30/functions/%ff/invocations',
  ]) {
    assert.equal(
      refusal(() => targetOf(path, '')),
      'InvalidArgument',
      path,
    )
  }
  assert.throws(() => targetOf('/2023-03-30/functions/f/invocations', 'qualifier=a%20b'), /qualifier 'a b'/)
})

test('whatever the path, the answer is a target or a refusal that shows no control character', () => {
  const path = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          '/',
          '2016-08-15',
          'proxy',
          'services',
          's',
          'functions',
          '%24',
          '%00',
          '..',
          '.',
          'invocations',
        ),
      )
      .map((parts) => `/${parts.join('')}`),
  )
  fc.assert(
    fc.property(path, fc.string(), (raw, query) => {
      try {
        const target = targetOf(raw, query)
        if (target.kind === 'management') return
        assert.match(target.name, /^[A-Za-z_][A-Za-z0-9_-]*$/)
        assert.match(target.qualifier, /^[A-Za-z0-9_-]*$/)
      } catch (error) {
        assert.ok(error instanceof FcError)
        // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
        assert.doesNotMatch(error.message, /[\0-\x1f\x7f]/)
      }
    }),
  )
})

test('percent escapes are decoded once, or refused', () => {
  assert.equal(decoded('/a%20b%2Fc', 'path'), '/a b/c')
  assert.equal(decoded('%2520', 'path'), '%20')
  for (const raw of ['%', '%zz', '%c0%af', '%ff', '%ed%a0%80', '%00']) {
    assert.equal(
      refusal(() => decoded(raw, 'path')),
      'InvalidArgument',
      raw,
    )
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed() && !text.includes('\0'))
      assert.equal(decoded(encodeURIComponent(text), 'path'), text)
    }),
  )
})

test('a host loses its port and its case', () => {
  assert.deepEqual(['A.Example:80', 'a', '[::1]:80', '[::1]', ''].map(hostName), [
    'a.example',
    'a',
    '[::1]',
    '[::1]',
    '',
  ])
})

test('only the first label below the public host can name a trigger', () => {
  const of = (host: string) => triggerHostId(host, 'localhost')
  assert.equal(of('my-fn-0123456789.localhost'), '0123456789')
  for (const host of [
    'localhost',
    'fn-0123456789.localhost.example',
    'fn-0123456789localhost',
    'a.fn-0123456789.localhost',
    'fn-012345678.localhost',
    'fn.localhost',
    '',
  ]) {
    assert.equal(of(host), null, host)
  }
})
