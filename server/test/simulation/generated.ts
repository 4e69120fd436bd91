/** Workloads made from a seed: shapes that every platform meets, and a population as the published traces describe it. */
import { seededRandom } from '../../src/simulated-clock.ts'
import { byTime, type Arrival, type SimulatedFunction, type Workload } from './workload.ts'

const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

type Fraction = () => number

/** Arrival times of a Poisson process whose rate (per second) changes with time, by thinning. */
function poisson(fraction: Fraction, untilMs: number, rateMax: number, rateAt: (ms: number) => number): number[] {
  const times: number[] = []
  let atMs = 0
  while ((atMs += (-Math.log(1 - fraction()) / rateMax) * 1000) < untilMs) {
    if (fraction() * rateMax < rateAt(atMs)) times.push(atMs)
  }
  return times
}

/** A value whose logarithm is spread evenly about that of `median`, by `factor` at about two thirds of the values. */
function logNormal(fraction: Fraction, median: number, factor: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction())
  return median * factor ** normal
}

const hello: SimulatedFunction = { memoryMB: 256, coldStartMs: 300, instanceConcurrency: 1 }

function workload(
  name: string,
  about: string,
  durationMs: number,
  functions: ReadonlyMap<string, SimulatedFunction>,
  arrivals: Arrival[],
): Workload {
  return { name, about, durationMs, functions, arrivals: arrivals.sort(byTime) }
}

export function steady(seed: number, perSecond = 5, durationMs = 4 * HOUR_MS): Workload {
  const random = seededRandom(seed)
  const fraction = () => random.fraction()
  const arrivals = poisson(fraction, durationMs, perSecond, () => perSecond).map((atMs) => ({
    atMs,
    key: 'f',
    serviceMs: logNormal(fraction, 80, 1.6),
  }))
  return workload(
    'steady',
    `one function, ${perSecond} requests a second`,
    durationMs,
    new Map([['f', hello]]),
    arrivals,
  )
}

/** Busy by day, nearly silent by night. */
export function diurnal(seed: number, functionCount = 12): Workload {
  const random = seededRandom(seed)
  const fraction = () => random.fraction()
  const functions = new Map<string, SimulatedFunction>()
  const arrivals: Arrival[] = []
  for (let i = 0; i < functionCount; i++) {
    const key = `f-${i}`
    const peak = logNormal(fraction, 0.2, 2)
    functions.set(key, hello)
    const rateAt = (ms: number) => peak * (0.5 - 0.5 * Math.cos((2 * Math.PI * ms) / DAY_MS)) ** 3
    for (const atMs of poisson(fraction, DAY_MS, peak, rateAt)) {
      arrivals.push({ atMs, key, serviceMs: logNormal(fraction, 300, 2) })
    }
  }
  return workload('diurnal', `${functionCount} functions, busy by day, silent by night`, DAY_MS, functions, arrivals)
}

/** A hundred requests at once where there was one now and then, at no regular time. */
export function bursts(seed: number, functionCount = 10, durationMs = 6 * HOUR_MS): Workload {
  const random = seededRandom(seed)
  const fraction = () => random.fraction()
  const functions = new Map<string, SimulatedFunction>()
  const arrivals: Arrival[] = []
  for (let i = 0; i < functionCount; i++) {
    const key = `f-${i}`
    functions.set(key, { ...hello, instanceConcurrency: 10 })
    for (const atMs of poisson(fraction, durationMs, 1 / 900, () => 1 / 900)) {
      for (let request = 0; request < 100; request++) {
        arrivals.push({ atMs: atMs + fraction() * 100, key, serviceMs: logNormal(fraction, 50, 1.5) })
      }
    }
    for (const atMs of poisson(fraction, durationMs, 1 / 120, () => 1 / 120)) {
      arrivals.push({ atMs, key, serviceMs: logNormal(fraction, 50, 1.5) })
    }
  }
  return workload(
    'burst ×100',
    `${functionCount} functions, bursts of 100 requests at once`,
    durationMs,
    functions,
    arrivals,
  )
}

/** One function that all the world looks at for ten minutes. */
export function flashCrowd(seed: number, peak = 150, durationMs = HOUR_MS): Workload {
  const random = seededRandom(seed)
  const fraction = () => random.fraction()
  const startMs = durationMs / 3
  const rateAt = (ms: number) => {
    const sinceMs = ms - startMs
    if (sinceMs < 0) return 1
    if (sinceMs < 30_000) return 1 + (peak * sinceMs) / 30_000
    return 1 + peak * Math.exp(-(sinceMs - 30_000) / (4 * MINUTE_MS))
  }
  const arrivals = poisson(fraction, durationMs, peak + 1, rateAt).map((atMs) => ({
    atMs,
    key: 'f',
    serviceMs: logNormal(fraction, 120, 1.6),
  }))
  const about = `one function, from 1 to ${peak} requests a second within 30 s`
  return workload('flash crowd', about, durationMs, new Map([['f', hello]]), arrivals)
}

/**
 * Many functions, most of them hardly used: rates, the share of timers, durations and memory as Shahrad et al. publish
 * them (about half are called less than hourly, eight in ten less than once a minute; three in ten by timers).
 */
export function longTail(seed: number, functionCount = 600): Workload {
  const random = seededRandom(seed)
  const fraction = () => random.fraction()
  const functions = new Map<string, SimulatedFunction>()
  const arrivals: Arrival[] = []
  for (let i = 0; i < functionCount; i++) {
    const key = `f-${i}`
    const meanGapMs = Math.max(20_000, logNormal(fraction, HOUR_MS, 8))
    const medianMs = logNormal(fraction, 600, 5)
    const serviceMs = () => Math.min(60_000, logNormal(fraction, medianMs, 1.5))
    functions.set(key, {
      memoryMB: Math.round(Math.min(1024, Math.max(64, logNormal(fraction, 170, 1.8)))),
      coldStartMs: Math.min(5000, logNormal(fraction, 350, 2)),
      instanceConcurrency: 1,
    })
    const times =
      fraction() < 0.3
        ? timer(fraction, meanGapMs)
        : poisson(fraction, DAY_MS, 1000 / meanGapMs, () => 1000 / meanGapMs)
    for (const atMs of times) arrivals.push({ atMs, key, serviceMs: serviceMs() })
  }
  return workload('long tail', `${functionCount} functions, most of them called seldom`, DAY_MS, functions, arrivals)
}

/** Regular calls, at a whole number of minutes as people set them. */
function timer(fraction: Fraction, meanGapMs: number): number[] {
  const choices = [1, 5, 10, 15, 30, 60, 120, 240, 720, 1440].map((minutes) => minutes * MINUTE_MS)
  const everyMs = choices.find((choice) => choice >= meanGapMs) ?? DAY_MS
  const firstMs = fraction() * everyMs
  return Array.from({ length: Math.floor((DAY_MS - firstMs) / everyMs) + 1 }, (_, i) => firstMs + i * everyMs).filter(
    (ms) => ms < DAY_MS,
  )
}
