import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { systemClock } from '../clock.ts'
import { eventually, processesWith, seconds } from './contract-scene.ts'
import { Keeper, ProgramFailure } from './keeper.ts'

const PYTHON = '/usr/bin/python3'
const MB = 1024 * 1024
const skip = process.getuid?.() === 0 ? false : 'needs root'
const root = mkdtempSync(join(tmpdir(), 'keeper-'))
after(() => rmSync(root, { recursive: true, force: true }))
let keepers = 0

async function openKeeper(t: TestContext, onLost: (reason: Error) => void = () => {}): Promise<Keeper> {
  const shared = join(root, `shared-${++keepers}`)
  mkdirSync(shared)
  const keeper = await Keeper.open({ python: PYTHON, shared, hidden: [], clock: systemClock, onLost })
  t.after(() => keeper.close())
  return keeper
}

/** Of a keeper: it tells its programs who their parent is. */
async function pidOf(keeper: Keeper): Promise<number> {
  return Number(await keeper.run(['sh', '-c', 'echo $PPID']))
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
}

test('a program gets its input and environment, and its exit code and output come back', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  const script = 'cat; echo "$GIVEN" >&2; exit 3'
  const result = await keeper.attempt(['sh', '-c', script], { input: 'ä\n'.repeat(5), environment: { GIVEN: 'é' } })
  assert.deepEqual([result.code, result.stdout, result.stderr], [3, 'ä\n'.repeat(5), 'é\n'])
  const environment = await keeper.run(['env'])
  assert.match(environment, /^PATH=\S+\n$/, 'nothing of ours is inherited')
})

test('a program that fails is a failure with its reason; one that does not exist too', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  await assert.rejects(keeper.run(['sh', '-c', 'echo no room >&2; exit 1']), (error) => {
    assert.ok(error instanceof ProgramFailure)
    assert.equal(error.message, 'sh failed: no room')
    return true
  })
  await assert.rejects(keeper.run(['false']), /^Error: false failed: exit code 1$/)
  await assert.rejects(keeper.run(['/no/such/program']), /No such file or directory/)
  assert.equal(await keeper.run(['echo', 'still there']), 'still there\n')
})

test('answers find their requests, however many there are and in whatever order they end', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  const numbers = Array.from({ length: 40 }, (_, at) => at)
  const answers = await Promise.all(
    numbers.map((at) => keeper.run(['sh', '-c', `sleep 0.0${(at * 7) % 10}; echo ${at}`])),
  )
  assert.deepEqual(answers.map(Number), numbers)
})

test('a program that hangs is killed at its time-out, and its children with it', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  const command = ['sh', '-c', `sleep ${seconds(70011)} & sleep ${seconds(70011)}`]
  await assert.rejects(keeper.attempt(command, { timeoutMs: 100 }), /^Error: sh did not end in time and was killed$/)
  await eventually(() => processesWith(seconds(70011)).length === 0)
  assert.equal(await keeper.run(['echo', 'still there']), 'still there\n')
})

test('output is bounded: a program that prints without end gets an error itself', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  const { code, stdout } = await keeper.attempt(['sh', '-c', 'yes || exit 5'])
  assert.equal(code, 5)
  assert.ok(stdout.length > MB / 2 && stdout.length <= MB)
})

test('failed programs leave no open files', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  const pid = await pidOf(keeper)
  const open = () => readdirSync(`/proc/${pid}/fd`).length
  const before = open()
  for (let i = 0; i < 20; i++) {
    await assert.rejects(keeper.run(['/no/such/program']))
    await assert.rejects(keeper.run(['false']))
    await assert.rejects(keeper.bind('/no/such/folder', '/tmp', join(root, 'staging')))
    await assert.rejects(keeper.sent('/no/such/network'))
  }
  assert.equal(open(), before)
})

test('whatever a program leaves behind is buried: no zombies', { skip }, async (t) => {
  const keeper = await openKeeper(t)
  const pid = await pidOf(keeper)
  for (let i = 0; i < 50; i++) await keeper.run(['sh', '-c', '(sh -c "exit 3" &) ; exit 0'])
  await keeper.run(['sleep', '0.05'])
  await eventually(() => childrenOf(pid).length === 0)
})

test('a keeper that is closed ends what still runs, and refuses from then on', { skip }, async (t) => {
  const lost: Error[] = []
  const keeper = await openKeeper(t, (reason) => lost.push(reason))
  const running = assert.rejects(keeper.run(['sleep', seconds(70012)]), /the sandbox keeper ended/)
  await eventually(() => processesWith(seconds(70012)).length === 1)
  await keeper.close()
  await running
  await eventually(() => processesWith(seconds(70012)).length === 0)
  await assert.rejects(keeper.run(['true']), /the sandbox keeper ended/)
  assert.deepEqual(lost, [], 'that was no loss')
})

test('a keeper that is killed takes its programs along, and that is told once', { skip }, async (t) => {
  const lost: Error[] = []
  const keeper = await openKeeper(t, (reason) => lost.push(reason))
  const pid = await pidOf(keeper)
  const running = assert.rejects(keeper.run(['sleep', seconds(70013)]), /the sandbox keeper ended: SIGKILL/)
  await eventually(() => processesWith(seconds(70013)).length === 1)
  process.kill(pid, 'SIGKILL')
  await running
  await eventually(() => processesWith(seconds(70013)).length === 0)
  assert.deepEqual(lost.map(String), ['Error: the sandbox keeper ended: SIGKILL'])
})

test('a Python that is none is told', async () => {
  const options = { shared: root, hidden: [], clock: systemClock, onLost() {} }
  await assert.rejects(Keeper.open({ ...options, python: '/no/such/python' }), /the sandbox keeper ended: .*ENOENT/)
  await assert.rejects(Keeper.open({ ...options, python: '/bin/false' }), /the sandbox keeper ended: exit code 1/)
})
