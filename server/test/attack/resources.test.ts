/** Functions that take all the memory, processes, disk, CPU and log they can get: they end themselves, and nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../end-to-end/http-support.ts'
import { processesWith } from '../../src/sandbox/contract-scene.ts'
import { resourceAttacks, type ResourceAttack } from './resource-attacks.ts'
import { attackSuite, type Told } from './support.ts'

/** What attacks start that must not outlive them: arguments that nothing else on a machine has. */
const MARKS = ['71001.5', '71002.5']

async function assertTold(told: Told, expected: ResourceAttack['told']): Promise<void> {
  if ('result' in expected) {
    assert.match(JSON.stringify(told.result()).replaceAll(',', ', '), expected.result)
    return
  }
  assert.equal(told.failure.errorType, expected.errorType, told.answer.text)
  assert.equal(await told.recordedError(), expected.errorType)
  if (expected.line === undefined) return
  const lines = await told.lines(expected.line)
  assert.ok(
    lines.some(({ stream }) => stream === 'system'),
    `no line of the platform says "${expected.line}"`,
  )
}

attackSuite('attacks on resources', (scene) => {
  for (const [i, { name, options, source, told: expected }] of resourceAttacks.entries()) {
    test(`${name} ends where its limits are`, async () => {
      const attack = await scene().attacker(`attack-${i}`, options)
      await assertTold(await scene().beside(() => attack(source)), expected)
    })
  }

  test('nothing that an attack started outlives its instance', async () => {
    await eventually(async () => (MARKS.flatMap(processesWith).length === 0 ? true : undefined))
  })

  test('what a function reads of its end is its own words and the platform’s, not those of a shell', async () => {
    const attack = await scene().attacker('words', { runtime: 'python3.10' })
    const told = await attack('import os, signal; os.kill(os.getpid(), signal.SIGKILL)')
    assert.match(String(told.failure.cause), /SIGKILL/)
    assert.deepEqual(
      (await told.lines()).filter(({ stream }) => stream !== 'system'),
      [],
    )
  })

  test('an attacker’s function serves again after each attack', async () => {
    const attack = await scene().attacker('again', { runtime: 'python3.10', timeout: 2 })
    for (const source of ['while True: pass', 'held = []\nwhile True: held.append(bytearray(1 << 20))']) {
      await attack(source)
      assert.equal((await attack('result = 42')).result(), 42)
    }
  })
})
