import { configOf, type Trigger } from './trigger-form.ts'

export interface HttpAddress {
  url: string
  /** Empty: LATEST. */
  qualifier: string
}

/** Where the function answers HTTP requests from outside; that of the latest code first. */
export function httpAddressesOf(triggers: readonly Trigger[]): HttpAddress[] {
  return triggers
    .filter((trigger) => trigger.triggerType === 'http' && !configOf(trigger).disableURLInternet)
    .flatMap(({ httpTrigger, qualifier }) =>
      httpTrigger ? [{ url: httpTrigger.urlInternet, qualifier: qualifier === 'LATEST' ? '' : qualifier }] : [],
    )
    .toSorted((a, b) => a.qualifier.localeCompare(b.qualifier))
}
