import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReadCache } from './read-cache.ts'

const sizeOf = (value: string) => value.length

test('a value is loaded once, also for those that ask at the same time', async () => {
  const cache = new ReadCache<string>(100, sizeOf)
  let loads = 0
  const load = async () => `value ${++loads}`
  assert.deepEqual(await Promise.all([cache.read('a', load), cache.read('a', load)]), ['value 1', 'value 1'])
  assert.equal(await cache.read('a', load), 'value 1')
  assert.equal(cache.get('a'), 'value 1')
})

test('what was used longest ago makes room', async () => {
  const cache = new ReadCache<string>(10, sizeOf)
  for (const key of ['a', 'b']) await cache.read(key, async () => 'x'.repeat(4))
  cache.get('a')
  await cache.read('c', async () => 'x'.repeat(4))
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key)?.length),
    [4, undefined, 4],
  )
  await cache.read('too large', async () => 'x'.repeat(11))
  assert.equal(cache.get('too large'), undefined)
})

test('what was forgotten takes no room', async () => {
  const cache = new ReadCache<string>(10, sizeOf)
  const fill = (key: string) => cache.read(key, async () => 'x'.repeat(5))
  for (let i = 0; i < 5; i++) {
    await fill('a')
    cache.forget('a')
    await fill('b')
    await assert.rejects(cache.change('b', () => Promise.reject(new Error('full disk'))))
  }
  await fill('a')
  await fill('b')
  assert.deepEqual([cache.get('a')?.length, cache.get('b')?.length], [5, 5])
})

test('a read that fails is not kept, and is told to all that waited', async () => {
  const cache = new ReadCache<string>(100, sizeOf)
  const failing = () => Promise.reject(new Error('busy'))
  const answers = await Promise.allSettled([cache.read('a', failing), cache.read('a', failing)])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await cache.read('a', async () => 'now'), 'now')
})

/**
 * A store of one number per key, whose questions are carried out and answered when the test says so, in any order:
 * `n` raises the number of a key to `n`.
 */
class SlowNumbers {
  readonly #numbers = new Map<string, number>()
  readonly #steps: (() => void)[] = []

  read(key: string): Promise<string> {
    return this.#slowly(() => String(this.#numbers.get(key) ?? 0))
  }

  write(key: string, number: number, fate: 'done' | 'refused' | 'done but lost'): Promise<string> {
    return this.#slowly(() => {
      if (fate !== 'refused') this.#numbers.set(key, Math.max(number, this.#numbers.get(key) ?? 0))
      if (fate !== 'done') throw new Error(fate)
      return ''
    })
  }

  get waiting(): number {
    return this.#steps.length
  }

  step(choice: number): void {
    const [step] = this.#steps.splice(choice % this.#steps.length, 1)
    step!()
  }

  /** Carried out at one step, answered at another. */
  #slowly(act: () => string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#steps.push(() => {
        try {
          const answer = act()
          this.#steps.push(() => resolve(answer))
        } catch (error) {
          this.#steps.push(() => reject(error))
        }
      })
    })
  }
}

const turn = () => new Promise(setImmediate)

test('whatever the order, a read sees each write that had ended when it began, and nothing older than another saw', async () => {
  const key = fc.constantFrom('a', 'b')
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), key }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        key,
        fate: fc.constantFrom('done' as const, 'done' as const, 'refused' as const, 'done but lost' as const),
      }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), choice: fc.nat(20) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), fc.constantFrom(1, 1000), async (actions, bytesMax) => {
      const numbers = new SlowNumbers()
      const cache = new ReadCache<string>(bytesMax, sizeOf)
      /** What a read that begins now must see at least. */
      const seen: Record<string, number> = { a: 0, b: 0 }
      const all: Promise<void>[] = []
      let last = 0
      const read = async (name: string) => {
        const atLeast = seen[name]!
        const found = Number(await cache.read(name, () => numbers.read(name)))
        assert.ok(found >= atLeast, `${found} of ${name} was read after ${atLeast}`)
        seen[name] = Math.max(seen[name]!, found)
      }
      const write = async (name: string, fate: 'done' | 'refused' | 'done but lost') => {
        const number = ++last
        await cache.change(name, () => numbers.write(name, number, fate)).catch(() => {})
        if (fate !== 'refused') seen[name] = Math.max(seen[name]!, number)
      }
      for (const each of actions) {
        if (each.kind === 'read') all.push(read(each.key))
        else if (each.kind === 'write') all.push(write(each.key, each.fate))
        else if (numbers.waiting > 0) numbers.step(each.choice)
        await turn()
      }
      for (; numbers.waiting > 0; await turn()) numbers.step(0)
      await Promise.all(all)
      for (const name of ['a', 'b']) {
        const current = await settled(
          numbers,
          cache.read(name, () => numbers.read(name)),
        )
        assert.equal(current, await settled(numbers, numbers.read(name)), 'what stays is what is there')
      }
    }),
    { numRuns: 500 },
  )
})

async function settled(numbers: SlowNumbers, answer: Promise<string>): Promise<string> {
  for (await turn(); numbers.waiting > 0; await turn()) numbers.step(0)
  return answer
}
