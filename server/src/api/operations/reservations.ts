/** Reserved concurrency: instances that only one function may use, provisioned and on demand together. */
import { FcError } from '../../errors.ts'
import type { Write } from '../../metadata/port.ts'
import type { FunctionKey } from '../../model.ts'
import { keyOf, scopeOf, splitFunctionKey } from '../../model.ts'
import { change, readScope, touchScope } from './commit.ts'
import type { Context } from './context.ts'
import { findFunction } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { pageOf } from './list.ts'

/** Of the account's instances so many, at least, stay for the functions without a reservation. */
const UNRESERVED_SHARE_MIN = 0.1
/** Changes of reservations wait for each other: all of them write one document. */
const LANE = 'reservations'

export interface Reservation {
  functionKey: FunctionKey
  reservedConcurrency: number
}

async function readReserved(context: Context) {
  const stored = await context.metadata.read('reservations', keyOf.reservations)
  return { revision: stored?.revision ?? 0, reserved: stored?.value.reserved ?? {} }
}

/** Most that all reservations together may take. */
function reservableMax({ options: { accountInstanceLimit } }: Context): number {
  return accountInstanceLimit - Math.ceil(accountInstanceLimit * UNRESERVED_SHARE_MIN)
}

/** Lowering a reservation always passes, so that an account whose quota has shrunk can be put right. */
function checkSum(
  context: Context,
  key: FunctionKey,
  wanted: number,
  reserved: Readonly<Record<string, number>>,
): void {
  const others = Object.entries(reserved).reduce((sum, [name, count]) => (name === key ? sum : sum + count), 0)
  const most = Math.max(0, reservableMax(context) - others)
  if (wanted <= most || wanted <= (reserved[key] ?? 0)) return
  const { accountInstanceLimit } = context.options
  throw new FcError(
    'LimitExceededError',
    `reservedConcurrency must be at most ${most}: the account has ${accountInstanceLimit} instances, of which ` +
      `${accountInstanceLimit - reservableMax(context)} stay unreserved, and other functions have reserved ${others}`,
  )
}

export async function putReservation(context: Context, key: FunctionKey, wanted: number): Promise<Reservation> {
  await change(context, LANE, async () => {
    // The scope is written back so that the function does not go meanwhile.
    const scopeDocument = await readScope(context, scopeOf(key))
    await findFunction(context, key)
    const { revision, reserved } = await readReserved(context)
    checkSum(context, key, wanted, reserved)
    const value = { reserved: { ...reserved, [key]: wanted } }
    const writes: Write[] = [{ kind: 'reservations', key: keyOf.reservations, ifRevision: revision, value }]
    return { writes: scopeDocument ? [...writes, touchScope(scopeDocument)] : writes, result: undefined }
  })
  return { functionKey: key, reservedConcurrency: wanted }
}

export async function getReservation(context: Context, key: FunctionKey): Promise<Reservation> {
  await findFunction(context, key)
  const { reserved } = await readReserved(context)
  return { functionKey: key, reservedConcurrency: requireReserved(key, reserved) }
}

function requireReserved(key: FunctionKey, reserved: Readonly<Record<string, number>>): number {
  if (Object.hasOwn(reserved, key)) return reserved[key]!
  // 3.0 answers with the code that its forerunner has in 2.0.
  throw new FcError('OnDemandConfigNotFound', `function '${splitFunctionKey(key).name}' has no reserved concurrency`)
}

export async function deleteReservation(context: Context, key: FunctionKey): Promise<void> {
  await change(context, LANE, async () => {
    await findFunction(context, key)
    const { reserved } = await readReserved(context)
    requireReserved(key, reserved)
    return { writes: await releaseReservation(context, key), result: undefined }
  })
}

/** What takes a function's reservation away, if it has one, together with something else. */
export async function releaseReservation(context: Context, key: FunctionKey): Promise<Write[]> {
  const { revision, reserved } = await readReserved(context)
  if (!Object.hasOwn(reserved, key)) return []
  const { [key]: _released, ...rest } = reserved
  const value = Object.keys(rest).length === 0 ? null : { reserved: rest }
  return [{ kind: 'reservations', key: keyOf.reservations, ifRevision: revision, value }]
}

/** In the order of the functions' names. */
export async function listReservations(
  context: Context,
  request: PageRequest,
  functionKey: FunctionKey | undefined,
): Promise<Page<Reservation>> {
  const { reserved } = await readReserved(context)
  const all = Object.entries(reserved)
    .filter(([key]) => functionKey === undefined || key === functionKey)
    .map(([key, reservedConcurrency]) => ({ functionKey: key, reservedConcurrency }))
  return pageOf(all, (item) => item.functionKey, request)
}
