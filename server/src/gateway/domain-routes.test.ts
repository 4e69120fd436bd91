import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DomainRoute, RewriteRule } from '../model.ts'
import { matchRoute, rewrite } from './domain-routes.ts'

const route = (path: string, methods: string[] = []): DomainRoute => ({
  path,
  methods,
  functionKey: path,
  qualifier: 'LATEST',
  rewrite: null,
})
const rules = (given: { equal?: RewriteRule[]; wildcard?: RewriteRule[]; regex?: RewriteRule[] }): DomainRoute => ({
  ...route('/*'),
  rewrite: { equalRules: given.equal ?? [], wildcardRules: given.wildcard ?? [], regexRules: given.regex ?? [] },
})

test('exact before folders, longer folders before shorter, whatever the order', () => {
  const routes = [route('/*'), route('/a/*'), route('/a/b'), route('/a/b/*')]
  const of = (path: string) => matchRoute(routes, path, 'GET')?.path
  for (const [path, expected] of [
    ['/', '/*'],
    ['/a', '/a/*'],
    ['/a/', '/a/*'],
    ['/ab', '/*'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/*'],
    ['/a/b/c', '/a/b/*'],
  ] as const) {
    assert.equal(of(path), expected, path)
    assert.equal(matchRoute(routes.toReversed(), path, 'GET')?.path, expected)
  }
  assert.equal(matchRoute([route('/a')], '/a/', 'GET'), undefined)
})

test('a route of other methods is passed over', () => {
  const routes = [route('/x', ['POST']), route('/*', ['GET'])]
  assert.equal(matchRoute(routes, '/x', 'GET')?.path, '/*')
  assert.equal(matchRoute(routes, '/x', 'POST')?.path, '/x')
  assert.equal(matchRoute(routes, '/x', 'PUT'), undefined)
})

test('the first rule that matches rewrites: equal, wildcard, regular expression', () => {
  const all = rules({
    equal: [{ match: '/a', replacement: '/equal' }],
    wildcard: [{ match: '/a*', replacement: '/wild$1' }],
    regex: [{ match: '.*', replacement: '/regex' }],
  })
  assert.equal(rewrite(all, '/a'), '/equal')
  assert.equal(rewrite(all, '/ab'), '/wildb')
  assert.equal(rewrite(all, '/b'), '/regex')
  assert.equal(rewrite(rules({}), '/b'), '/b')
  assert.equal(rewrite(route('/*'), '/b'), '/b')
})

test('a wildcard hands on what each star stands for', () => {
  const one = (match: string, replacement: string, path: string) =>
    rewrite(rules({ wildcard: [{ match, replacement }] }), path)
  assert.equal(one('/*/x/*', '/$2/$1', '/a/x/b/c'), '/b/c/a')
  assert.equal(one('/*.jpg', '/$1.png', '/cat.jpg'), '/cat.png')
  assert.equal(one('/*', '$9plain', '/x'), '/plain')
  assert.equal(one('/a/*', '/$1', '/b/c'), '/b/c')
  assert.equal(one('/ab*ba', '/hit', '/aba'), '/aba', 'the ends of a pattern do not overlap')
})

test('a pattern made of stars takes no time', () => {
  const match = `/${'*a'.repeat(1000)}b`
  assert.equal(rewrite(rules({ wildcard: [{ match, replacement: '/x' }] }), `/${'a'.repeat(4000)}`).length, 4001)
})

test('an expression is run in time linear in the path', () => {
  const beganMs = performance.now()
  for (const match of ['^/(a+)+$', '^/(a|aa)*$', '^/(.*)*x$', '(a*)*b']) {
    const path = `/${'a'.repeat(4000)}!`
    assert.equal(rewrite(rules({ regex: [{ match, replacement: '/x' }] }), path), path)
  }
  assert.ok(performance.now() - beganMs < 5000)
})

test('an expression that cannot be run so is refused by name', () => {
  for (const match of [String.raw`(a)\1`, '(?=a)', 'a{1,1000}', '(', 'a'.repeat(513)]) {
    assert.throws(() => rewrite(rules({ regex: [{ match, replacement: '/' }] }), '/a'), {
      code: 'InvalidArgument',
      message: /regexRules: '.*' is not accepted/,
    })
  }
})

test('a rewritten path is absolute', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (match, replacement, rest) => {
      const path = `/${rest}`
      assert.match(rewrite(rules({ equal: [{ match: path, replacement }] }), path), /^\//)
      assert.match(rewrite(rules({ wildcard: [{ match, replacement }] }), path), /^\//)
    }),
  )
})
