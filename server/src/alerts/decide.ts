/** The state machine of a rule: what one evaluation makes of it, and what is to be told. Pure. */
import { matchesWildcard } from '../wildcard.ts'
import type { Verdict } from './judge.ts'
import type { AlertEvent, AlertRule, AlertState, Silence } from './port.ts'

/** What outlives the process; everything else of a status is computed anew. */
export interface RuleState {
  state: AlertState
  /** Since when; never in the future. */
  sinceMs: number
  /** When the routes heard last that it fires; null: they do not know. */
  toldMs: number | null
}

export interface Decision {
  next: RuleState
  /** In order. */
  events: AlertEvent['kind'][]
  /** The event that the routes are told; null: none. */
  told: 'fired' | 'repeated' | 'resolved' | null
}

export type Terms = Pick<AlertRule, 'condition' | 'forSeconds' | 'repeatSeconds' | 'onNoData'>

export const initialState = (nowMs: number): RuleState => ({ state: 'ok', sinceMs: nowMs, toldMs: null })

/** The silence that holds for the rule now; of several the one that lasts longest. */
export function silenceOf(rule: string, silences: Iterable<Silence>, nowMs: number): Silence | undefined {
  let longest: Silence | undefined
  for (const silence of silences) {
    const holds = silence.fromMs <= nowMs && nowMs < silence.toMs && matchesWildcard(silence.rule, rule)
    if (holds && (longest === undefined || silence.toMs > longest.toMs)) longest = silence
  }
  return longest
}

/**
 * A silence keeps `fired` and `repeated` from being told, not the state from changing; what still fires when it ends is told
 * then. `resolved` is told, also in a silence, to those who were told that it fires.
 */
export function decide(
  terms: Terms,
  before: RuleState,
  verdict: Verdict,
  nowMs: number,
  isSilenced: boolean,
): Decision {
  // Of a wall clock that was set back.
  const state = {
    ...before,
    sinceMs: Math.min(before.sinceMs, nowMs),
    toldMs: before.toldMs === null ? null : Math.min(before.toldMs, nowMs),
  }
  const isBroken = verdict === 'broken' || (verdict === 'noData' && terms.onNoData === 'fire')
  if (isBroken) return broken(terms, state, nowMs, isSilenced)
  if (verdict === 'fine' || (verdict === 'noData' && terms.onNoData === 'ok')) return fine(state, nowMs)
  if (state.state !== 'ok') return { next: state, events: [], told: null }
  if (verdict === 'unknown') return { next: state, events: [], told: null }
  return { next: { ...initialState(nowMs), state: 'noData' }, events: ['noData'], told: null }
}

function broken(terms: Terms, state: RuleState, nowMs: number, isSilenced: boolean): Decision {
  if (state.state === 'firing') return firing(terms, state, nowMs, isSilenced)
  const isPending = state.state === 'pending'
  const pendingSinceMs = isPending ? state.sinceMs : nowMs
  if (nowMs - pendingSinceMs >= terms.forSeconds * 1000) return fire(nowMs, isSilenced)
  return {
    next: { state: 'pending', sinceMs: pendingSinceMs, toldMs: null },
    events: isPending ? [] : ['pending'],
    told: null,
  }
}

function fire(nowMs: number, isSilenced: boolean): Decision {
  const next: RuleState = { state: 'firing', sinceMs: nowMs, toldMs: isSilenced ? null : nowMs }
  return { next, events: [isSilenced ? 'silenced' : 'fired'], told: isSilenced ? null : 'fired' }
}

function firing({ repeatSeconds }: Terms, state: RuleState, nowMs: number, isSilenced: boolean): Decision {
  const untold = state.toldMs === null
  const isDue = untold || (repeatSeconds > 0 && nowMs - state.toldMs! >= repeatSeconds * 1000)
  if (isSilenced || !isDue) return { next: state, events: [], told: null }
  const told = untold ? 'fired' : 'repeated'
  return { next: { ...state, toldMs: nowMs }, events: [told], told }
}

function fine(state: RuleState, nowMs: number): Decision {
  if (state.state === 'ok') return { next: state, events: [], told: null }
  const next = initialState(nowMs)
  if (state.state !== 'firing') return { next, events: [], told: null }
  return { next, events: ['resolved'], told: state.toldMs === null ? null : 'resolved' }
}
