/** Changes of rules, routes and silences: each one commit, in which the routes of a rule stay where they are. */
import {
  ROUTES_MAX,
  RULES_MAX,
  SILENCES_MAX,
  type AlertRoute,
  type AlertRule,
  type Silence,
} from '../../alerts/port.ts'
import type { Clock } from '../../clock.ts'
import { uuidV7 } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import { createLanes } from '../../lanes.ts'
import type { MetadataStore, Stored, Write } from '../../metadata/port.ts'
import { change, type Plan } from '../operations/commit.ts'
import { refuse } from './alert-rules.ts'

/** One after the other, so that the limits hold. */
const LANE = 'alerts'
/** A silence that has ended is shown for so long. */
const ENDED_SILENCE_MS_MAX = 7 * 86_400_000

export function createAlertDocuments({ metadata, clock }: { metadata: MetadataStore; clock: Clock }) {
  const context = { metadata, lanes: createLanes() }
  const commit = async <Result>(plan: () => Promise<Plan<Result>>) => (await change(context, LANE, plan)).result
  const rules = () => metadata.list('alertRule', { limit: RULES_MAX })
  const routes = () => metadata.list('alertRoute', { limit: ROUTES_MAX })
  const silences = () => metadata.list('alertSilence', { limit: 2 * SILENCES_MAX })

  async function rule(name: string): Promise<Stored<'alertRule'>> {
    return (await metadata.read('alertRule', name)) ?? notFound('AlertRuleNotFound', `alert rule '${name}'`)
  }

  async function route(name: string): Promise<Stored<'alertRoute'>> {
    return (await metadata.read('alertRoute', name)) ?? notFound('AlertRouteNotFound', `alert route '${name}'`)
  }

  /** Writes the routes back as they are, so that none is deleted while a rule is made that names it. */
  async function holdRoutes(names: readonly string[]): Promise<Write[]> {
    const found = await Promise.all(names.map((name) => metadata.read('alertRoute', name)))
    const missing = names.find((_, index) => found[index] === undefined)
    if (missing !== undefined) refuse('routes', `there is no route '${missing}'`)
    return found.map((each): Write => {
      const { key, revision, value } = each!
      return { kind: 'alertRoute', key, ifRevision: revision, value }
    })
  }

  return {
    rule,
    route,
    rules: async () => (await rules()).map(({ value }) => value),
    routes: async () => (await routes()).map(({ value }) => value),
    silences: async () => (await silences()).map(({ value }) => value),

    createRule: (value: AlertRule) =>
      commit(async () => {
        const existing = await rules()
        if (existing.some(({ key }) => key === value.name)) {
          throw new FcError('AlertRuleAlreadyExists', `alert rule '${value.name}' already exists`)
        }
        checkLimit(existing.length, RULES_MAX, 'alert rules')
        const write: Write = { kind: 'alertRule', key: value.name, ifRevision: 0, value }
        return { writes: [write, ...(await holdRoutes(value.routes))], result: value }
      }),

    putRule: (value: AlertRule) =>
      commit(async () => {
        const { revision } = await rule(value.name)
        const write: Write = { kind: 'alertRule', key: value.name, ifRevision: revision, value }
        return { writes: [write, ...(await holdRoutes(value.routes))], result: value }
      }),

    deleteRule: (name: string) =>
      commit(async () => {
        const { revision } = await rule(name)
        return { writes: [{ kind: 'alertRule', key: name, ifRevision: revision, value: null }], result: null }
      }),

    createRoute: (value: AlertRoute) =>
      commit(async () => {
        const existing = await routes()
        if (existing.some(({ key }) => key === value.name)) {
          throw new FcError('AlertRouteAlreadyExists', `alert route '${value.name}' already exists`)
        }
        checkLimit(existing.length, ROUTES_MAX, 'alert routes')
        return { writes: [{ kind: 'alertRoute', key: value.name, ifRevision: 0, value }], result: value }
      }),

    /** `make` gets the route as it is. */
    putRoute: (name: string, make: (before: AlertRoute) => AlertRoute) =>
      commit(async () => {
        const before = await route(name)
        const value = make(before.value)
        return { writes: [{ kind: 'alertRoute', key: name, ifRevision: before.revision, value }], result: value }
      }),

    deleteRoute: (name: string) =>
      commit(async () => {
        const { revision } = await route(name)
        const users = (await rules()).filter(({ value }) => value.routes.includes(name)).map(({ key }) => `'${key}'`)
        if (users.length > 0) {
          throw new FcError(
            'AlertRouteInUse',
            `alert route '${name}' is named by ${users.join(', ')}; change them first`,
          )
        }
        return { writes: [{ kind: 'alertRoute', key: name, ifRevision: revision, value: null }], result: null }
      }),

    createSilence: (input: Omit<Silence, 'id'>) =>
      commit(async () => {
        const nowMs = clock.nowMs()
        const existing = await silences()
        checkLimit(
          existing.filter(({ value }) => value.toMs > nowMs).length,
          SILENCES_MAX,
          'silences that have not ended',
        )
        const old = existing
          .toSorted((a, b) => b.value.toMs - a.value.toMs)
          .filter(({ value }, index) => value.toMs < nowMs - ENDED_SILENCE_MS_MAX || index >= 2 * SILENCES_MAX - 1)
        const value: Silence = { id: uuidV7(nowMs), ...input }
        const forget = old.map(({ key }): Write => ({ kind: 'alertSilence', key, value: null }))
        return { writes: [...forget, { kind: 'alertSilence', key: value.id, ifRevision: 0, value }], result: value }
      }),

    deleteSilence: (id: string) =>
      commit(async () => {
        const stored = await metadata.read('alertSilence', id)
        if (!stored) notFound('AlertSilenceNotFound', `silence '${id}'`)
        return { writes: [{ kind: 'alertSilence', key: id, ifRevision: stored.revision, value: null }], result: null }
      }),
  }
}

function checkLimit(count: number, most: number, what: string): void {
  if (count >= most) throw new FcError('LimitExceededError', `there can be at most ${most} ${what}`)
}

function notFound(code: 'AlertRuleNotFound' | 'AlertRouteNotFound' | 'AlertSilenceNotFound', what: string): never {
  throw new FcError(code, `${what} does not exist`)
}
