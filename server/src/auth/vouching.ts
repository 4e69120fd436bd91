/** Requests whose principal another part of this process has established, so that they need no signature. */
import type { Principal, Vouching } from './port.ts'

export function createVouching(): Vouching {
  const principals = new WeakMap<object, Principal>()
  return {
    vouch: (headers, principal) => void principals.set(headers, principal),
    principalOf: (headers) => principals.get(headers),
  }
}
