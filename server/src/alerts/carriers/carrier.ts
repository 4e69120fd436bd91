/** The ways of a notice to those who are to hear it. */
import type { AlertNotice, AlertRoute } from '../port.ts'

export type RouteOf<Kind extends AlertRoute['kind']> = Extract<AlertRoute, { kind: Kind }>

export interface Parcel {
  /** Of the delivery: the same for every attempt. */
  id: string
  notice: AlertNotice
}

/**
 * Resolves when the other side has taken the notice. Rejects with a reason that names no secret, at the latest soon after
 * `signal` aborts, and holds nothing open then.
 */
export type Carry<Kind extends AlertRoute['kind']> = (
  parcel: Parcel,
  route: RouteOf<Kind>,
  signal: AbortSignal,
) => Promise<void>

export type Carriers = { [Kind in AlertRoute['kind']]: Carry<Kind> }

export function carry(carriers: Carriers, parcel: Parcel, route: AlertRoute, signal: AbortSignal): Promise<void> {
  if (route.kind === 'webhook') return carriers.webhook(parcel, route, signal)
  if (route.kind === 'email') return carriers.email(parcel, route, signal)
  return carriers.function(parcel, route, signal)
}
