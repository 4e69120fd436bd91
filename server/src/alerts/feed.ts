/** Rules, routes and silences as the change feed tells them. */
import type { Change } from '../metadata/port.ts'
import type { AlertRoute, AlertRule, Silence } from './port.ts'

export class AlertFeed {
  readonly #rules = new Map<string, AlertRule>()
  readonly #routes = new Map<string, AlertRoute>()
  readonly #silences = new Map<string, Silence>()
  readonly #onRules: () => void

  /** `onRules` hears when rules have changed. */
  constructor(onRules: () => void) {
    this.#onRules = onRules
  }

  apply(changes: readonly Change[]): void {
    let hasRules = false
    for (const change of changes) {
      if (change.kind === 'alertRule') {
        hasRules = true
        put(this.#rules, change.key, change.value)
      } else if (change.kind === 'alertRoute') put(this.#routes, change.key, change.value)
      else if (change.kind === 'alertSilence') put(this.#silences, change.key, change.value)
    }
    if (hasRules) this.#onRules()
  }

  enabledRules(): AlertRule[] {
    return [...this.#rules.values()].filter(({ enabled }) => enabled)
  }

  route(name: string): AlertRoute | undefined {
    return this.#routes.get(name)
  }

  silences(): Iterable<Silence> {
    return this.#silences.values()
  }
}

function put<Value>(map: Map<string, Value>, key: string, value: Value | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}
