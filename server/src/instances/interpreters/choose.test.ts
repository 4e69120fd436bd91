import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseInterpreter, type Fit } from './choose.ts'
import type { Interpreter } from './interpreter.ts'
import { runtimeIds, type RuntimeId } from './runtime-ids.ts'

const interpreter = (language: string, version: string, program = `/${language}/${version}`): Interpreter => ({
  language,
  version,
  program,
  command: [program],
  readOnlyPaths: [],
})
const idOf = (name: string): RuntimeId => runtimeIds.find((id) => id.name === name)!

/** `version fit` of the choice, or nothing. */
function chosen(name: string, ...versions: string[]): string {
  const { language } = idOf(name)
  const others = [interpreter('other', '1.2.3')]
  const choice = chooseInterpreter(idOf(name), [
    ...others,
    ...versions.map((version) => interpreter(language, version)),
  ])
  return choice ? `${choice.interpreter.version} ${choice.fit}` : ''
}

test('a runtime id runs on its own version, else on the nearest newer, else on the nearest older', () => {
  assert.equal(chosen('nodejs18', '26.10.0', '18.20.8', '20.1.0'), '18.20.8 exact')
  assert.equal(chosen('nodejs16', '26.10.0', '18.20.8', '14.21.3'), '18.20.8 newer')
  assert.equal(chosen('nodejs20', '14.21.3', '18.20.8', '16.1.0'), '18.20.8 older')
  assert.equal(chosen('nodejs20'), '')
})

test('Node.js goes by its major number, Python by its minor, Java and PHP by what the id says', () => {
  assert.equal(chosen('nodejs4.4', '4.9.1'), '4.9.1 exact')
  assert.equal(chosen('python3.10', '3.9.18', '3.10.13', '3.11.2'), '3.10.13 exact')
  assert.equal(chosen('python3.10', '3.9.18', '3.11.2'), '3.11.2 newer')
  assert.equal(chosen('python3.9', '3.10.13', '3.11.2'), '3.10.13 newer')
  assert.equal(chosen('python3.12', '3.9.18', '3.11.2'), '3.11.2 older')
  assert.equal(chosen('python3', '3.11.2', '3.7.16'), '3.7.16 newer')
  assert.equal(chosen('python2.7', '3.11.2'), '3.11.2 newer')
  assert.equal(chosen('java8', '17.0.9', '21.0.1'), '17.0.9 newer')
  assert.equal(chosen('php7.2', '8.2.24', '7.4.33'), '7.4.33 newer')
})

test('of one series the newest is taken, whichever way it was reached', () => {
  assert.equal(chosen('nodejs18', '18.2.0', '18.20.8', '18.9.1'), '18.20.8 exact')
  assert.equal(chosen('nodejs14', '16.2.0', '16.20.2', '18.20.8'), '16.20.2 newer')
  assert.equal(chosen('nodejs20', '18.2.0', '18.20.8'), '18.20.8 older')
})

test('of two with one version the first is taken', () => {
  const choice = chooseInterpreter(idOf('nodejs20'), [
    interpreter('nodejs', '20.1.0', '/ours'),
    interpreter('nodejs', '20.1.0', '/theirs'),
  ])
  assert.equal(choice?.interpreter.program, '/ours')
})

test('an id without a version runs on whatever its language has', () => {
  assert.equal(chosen('custom.debian11', ''), ' exact')
  assert.equal(chosen('custom', '3.1'), '3.1 exact')
})

const version = fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)).map((numbers) => numbers.join('.'))
const wantedVersion = fc.oneof(
  fc.nat(5).map(String),
  fc.tuple(fc.nat(5), fc.nat(5)).map((numbers) => numbers.join('.')),
)
/** As text that sorts as the numbers do, which are of one digit here. */
const seriesOf = (full: string, wanted: string) => full.slice(0, wanted.length)

test('no interpreter is nearer than the chosen one, and the order in which they were found does not matter', () => {
  fc.assert(
    fc.property(fc.array(version), wantedVersion, (versions, wanted) => {
      const id = { name: 'x', language: 'l', version: wanted }
      const list = versions.map((one) => interpreter('l', one))
      const choice = chooseInterpreter(id, list)
      assert.equal(choice === null, list.length === 0)
      if (!choice) return
      const mirrored = chooseInterpreter(id, list.toReversed())
      assert.equal(mirrored?.interpreter.version, choice.interpreter.version)

      const series = seriesOf(choice.interpreter.version, wanted)
      const all = versions.map((one) => seriesOf(one, wanted))
      const expected: Fit = all.includes(wanted) ? 'exact' : all.some((one) => one > wanted) ? 'newer' : 'older'
      assert.equal(choice.fit, expected)
      if (expected === 'newer') assert.ok(!all.some((one) => one > wanted && one < series))
      if (expected === 'older') assert.ok(!all.some((one) => one > series))
      const sameSeries = versions.filter((one) => seriesOf(one, wanted) === series)
      assert.ok(sameSeries.every((one) => one <= choice.interpreter.version))
    }),
  )
})

test('every runtime id has a name of its own', () => {
  const names = runtimeIds.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})
