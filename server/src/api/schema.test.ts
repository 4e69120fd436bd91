import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { FcError } from '../errors.ts'
import { coerceQuery, createReader } from './schema.ts'

const schema = Type.Object({
  functionName: Type.String(),
  memorySize: Type.Optional(Type.Integer({ minimum: 128, maximum: 1024, multipleOf: 64 })),
  environmentVariables: Type.Optional(Type.Record(Type.String(), Type.String())),
  hooks: Type.Optional(Type.Array(Type.Object({ handler: Type.String({ maxLength: 3 }) }))),
  anything: Type.Optional(Type.Unknown()),
})
const reader = createReader(schema)

function refusal(input: unknown): string {
  try {
    reader.read(input)
  } catch (error) {
    assert.ok(error instanceof FcError, String(error))
    assert.equal(error.code, 'InvalidArgument')
    return error.message
  }
  return assert.fail('was accepted')
}

test('keys in any case become the spelling of the schema; map keys keep theirs', () => {
  const given = { FUNCTIONNAME: 'f', EnvironmentVariables: { Path: '/', path: '.' }, HOOKS: [{ Handler: 'h' }] }
  assert.deepEqual(reader.read(given), {
    functionName: 'f',
    environmentVariables: { Path: '/', path: '.' },
    hooks: [{ handler: 'h' }],
  })
})

test('the exact spelling wins over a second one', () => {
  assert.deepEqual(reader.read({ functionName: 'exact', FunctionName: 'other' }), { functionName: 'exact' })
})

test('unknown keys and nulls are dropped, __proto__ among them', () => {
  const given: unknown = JSON.parse('{"functionName":"f","__proto__":{"x":1},"colour":1,"memorySize":null}')
  assert.deepEqual(reader.read(given), { functionName: 'f' })
})

test('a refusal names the field and what it accepts', () => {
  assert.equal(refusal({}), 'functionName is required: text')
  assert.equal(refusal([]), 'the body must be an object')
  const memorySize = 'memorySize must be a whole number from 128 to 1024 in steps of 64'
  assert.equal(refusal({ functionName: 'f', memorySize: 100 }), memorySize)
  assert.equal(refusal({ functionName: 'f', memorySize: '128' }), memorySize)
  assert.equal(refusal({ functionName: 'f', environmentVariables: { A: 1 } }), 'environmentVariables.A must be text')
  assert.equal(
    refusal({ functionName: 'f', hooks: [{ handler: 'long' }] }),
    'hooks.0.handler must be text of at most 3 characters',
  )
})

test('NUL is refused wherever it hides', () => {
  assert.match(refusal({ functionName: 'a\0' }), /functionName must not contain the character NUL/)
  assert.match(refusal({ functionName: 'f', environmentVariables: { 'A\0': '' } }), /NUL/)
  assert.match(refusal({ functionName: 'f', anything: { deep: ['\0'] } }), /anything\.deep\[0\]/)
})

test('nesting has an end', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  assert.match(refusal({ functionName: 'f', anything: deep }), /nest deeper/)
})

test('any JSON is either read into the shape or refused by InvalidArgument', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      try {
        assert.equal(typeof reader.read(input).functionName, 'string')
      } catch (error) {
        assert.ok(error instanceof FcError, String(error))
      }
    }),
    { numRuns: 300 },
  )
})

test('what is accepted is what a full JSON Schema validator accepts', () => {
  const strict = Type.Object({
    text: Type.String({ minLength: 1, maxLength: 3, pattern: '^[^x]*$' }),
    size: Type.Optional(Type.Integer({ minimum: -2, maximum: 8, multipleOf: 2 })),
    share: Type.Optional(Type.Number({ maximum: 1 })),
    list: Type.Optional(Type.Array(Type.Boolean(), { minItems: 1, maxItems: 2 })),
    map: Type.Optional(Type.Record(Type.String(), Type.Union([Type.Literal('a'), Type.Null()]))),
    inner: Type.Optional(Type.Object({ either: Type.Union([Type.Literal(1), Type.Object({ deep: Type.String() })]) })),
  })
  const text = fc.oneof(fc.constantFrom('', 'a', 'xyz', '😀😀😀', 'four'), fc.jsonValue({ maxDepth: 0 }))
  const inputs = fc.record(
    {
      text,
      size: fc.oneof(fc.integer({ min: -4, max: 10 }), text),
      share: fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), text),
      list: fc.oneof(fc.array(fc.boolean(), { maxLength: 3 }), fc.array(text, { maxLength: 2 }), text),
      map: fc.oneof(fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('a', 'b', 1)), text),
      inner: fc.oneof(fc.record({ either: fc.oneof(fc.constantFrom(1, 2), fc.record({ deep: text })) }), text),
    },
    { requiredKeys: [] },
  )
  const validator = Compile(strict)
  const strictReader = createReader(strict)
  fc.assert(
    fc.property(inputs, (input) => {
      const value: unknown = JSON.parse(JSON.stringify(input, (_key, member: unknown) => member ?? undefined))
      let isAccepted = true
      try {
        strictReader.read(value)
      } catch {
        isAccepted = false
      }
      assert.equal(isAccepted, validator.Check(value), JSON.stringify(value))
    }),
    { numRuns: 1000 },
  )
})

test('reading what was read changes nothing', () => {
  const inputs = fc.record(
    {
      functionName: fc.string(),
      environmentVariables: fc.dictionary(fc.string(), fc.string()),
      anything: fc.jsonValue(),
    },
    { requiredKeys: ['functionName'] },
  )
  fc.assert(
    fc.property(inputs, (input) => {
      fc.pre(!JSON.stringify(input).includes('\\u0000'))
      const once = reader.read(input)
      assert.deepEqual(reader.read(once), once)
    }),
    { numRuns: 200 },
  )
})

test('query texts become the types of the schema, empty ones count as absent', () => {
  const query = Type.Object({
    limit: Type.Integer(),
    all: Type.Boolean(),
    config: Type.Array(Type.String()),
    name: Type.String(),
  })
  assert.deepEqual(coerceQuery(query, { Limit: '5', all: 'True', config: 'one', name: '' }), {
    Limit: 5,
    all: true,
    config: ['one'],
  })
  assert.deepEqual(coerceQuery(query, { limit: '5x', config: ['a', 'b'], name: ['first', 'second'] }), {
    limit: '5x',
    config: ['a', 'b'],
    name: 'first',
  })
})
