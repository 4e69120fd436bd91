/** Events that a function is tried with, kept beside it: they go when it goes. */
import { FcError } from '../../errors.ts'
import { type FunctionKey, keyOf, scopeOf, splitFunctionKey, type TestEvent } from '../../model.ts'
import { change, readScope, touchScope } from './commit.ts'
import type { Context } from './context.ts'

export const TEST_EVENTS_MAX = 20
/** Of one event's body, as UTF-8. */
export const TEST_EVENT_BYTES_MAX = 64 * 1024

type Stores = Pick<Context, 'lanes' | 'metadata'>

/** In the order of their names. Rejects with FunctionNotFound. */
export async function listTestEvents({ metadata }: Stores, key: FunctionKey): Promise<TestEvent[]> {
  const stored = await metadata.read('testEvents', keyOf.testEvents(key))
  if (!stored) await requireFunction(metadata, key)
  return stored?.value.events ?? []
}

/** In place of the one of that name, if any. Rejects with FunctionNotFound, EntityTooLarge, LimitExceededError. */
export async function putTestEvent(stores: Stores, key: FunctionKey, event: TestEvent): Promise<void> {
  const bytes = Buffer.byteLength(event.body)
  if (bytes > TEST_EVENT_BYTES_MAX) {
    throw new FcError('EntityTooLarge', `body has ${bytes} bytes, at most ${TEST_EVENT_BYTES_MAX} are kept of an event`)
  }
  await changeEvents(stores, key, (events) => {
    const others = events.filter(({ name }) => name !== event.name)
    if (others.length >= TEST_EVENTS_MAX) {
      throw new FcError('LimitExceededError', `a function has at most ${TEST_EVENTS_MAX} test events; delete one first`)
    }
    return [...others, event].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  })
}

/** What is not there is deleted already. Rejects with FunctionNotFound. */
export async function deleteTestEvent(stores: Stores, key: FunctionKey, eventName: string): Promise<void> {
  await changeEvents(stores, key, (events) => events.filter(({ name }) => name !== eventName))
}

async function changeEvents(
  stores: Stores,
  key: FunctionKey,
  next: (events: readonly TestEvent[]) => TestEvent[],
): Promise<void> {
  const scope = scopeOf(key)
  await change(stores, scope, async () => {
    // The scope is written back so that the function does not go meanwhile.
    const scopeDocument = await readScope(stores, scope)
    await requireFunction(stores.metadata, key)
    const id = keyOf.testEvents(key)
    const stored = await stores.metadata.read('testEvents', id)
    const value = { events: next(stored?.value.events ?? []) }
    const write = { kind: 'testEvents', key: id, ifRevision: stored?.revision ?? 0, value } as const
    return { writes: scopeDocument ? [write, touchScope(scopeDocument)] : [write], result: undefined }
  })
}

async function requireFunction(metadata: Stores['metadata'], key: FunctionKey): Promise<void> {
  if (await metadata.read('function', keyOf.function(key))) return
  const { service, name } = splitFunctionKey(key)
  const place = service === null ? '.' : ` in service '${service}'`
  throw new FcError('FunctionNotFound', `function '${name}' does not exist${place}`)
}
