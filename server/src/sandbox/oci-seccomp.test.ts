import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { otherValues, type SeccompArgument, seccompProfile } from './oci-seccomp.ts'
import { allowedSyscalls, forbiddenSyscalls } from './oci-seccomp-syscalls.ts'

const holds = ({ value, valueTwo }: SeccompArgument, number: number) =>
  (BigInt(number) & BigInt(value)) === BigInt(valueTwo)

const number = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })

test('the comparisons for other values leave out the values, and exactly one holds for each other number', () => {
  const cases = fc.integer({ min: 1, max: 32 }).chain((bits) =>
    fc.record({
      bits: fc.constant(bits),
      values: fc.uniqueArray(number(bits), { minLength: 1, maxLength: 5 }),
      // Near to a value, a comparison of one bit too few shows.
      other: number(bits),
      flip: fc.integer({ min: 0, max: bits - 1 }),
    }),
  )
  fc.assert(
    fc.property(cases, ({ bits, values, other, flip }) => {
      const comparisons = otherValues(0, values, bits)
      const near = Number(BigInt(values[0]!) ^ (1n << BigInt(flip)))
      for (const each of [...values, other, near]) {
        const holding = comparisons.filter((comparison) => holds(comparison, each)).length
        assert.equal(holding, values.includes(each) ? 0 : 1)
      }
    }),
  )
})

test('no call is both allowed and forbidden, and none is named twice', () => {
  const all = [...allowedSyscalls, ...forbiddenSyscalls, 'clone', 'ioctl', 'personality', 'socket']
  assert.deepEqual(
    all.filter((name, index) => all.indexOf(name) !== index),
    [],
  )
})

test('only the own architecture is listed, and one that the filter was not made for is refused by name', () => {
  assert.deepEqual(seccompProfile('x64').architectures, ['SCMP_ARCH_X86_64'])
  assert.deepEqual(seccompProfile('arm64').architectures, ['SCMP_ARCH_AARCH64'])
  assert.throws(
    () => seccompProfile('riscv64'),
    /no system call filter for riscv64: the oci sandbox runs on x64 or arm64/,
  )
})
