/** The one-time ticket in the address, `#ticket=…`. Browsers send this part of an address to nobody. */

const MARK = '#ticket='

/** Takes it out of the address, which is shown, kept and copied. */
export function takeTicket(): string | null {
  if (!location.hash.startsWith(MARK)) return null
  const ticket = location.hash.slice(MARK.length)
  history.replaceState(history.state, '', location.pathname + location.search)
  return ticket
}
