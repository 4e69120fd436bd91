/**
 * Every metric of the history: its name, and how it is computed of what was counted. Names are those of Cloud Monitor
 * (`acs_fc`) where it has one; those that only we have are marked `ours`. `Service…` is FC 2.0's.
 */
import type { MetricInfo, MetricLevel } from '../port.ts'
import type { FieldName } from './fields.ts'
import type { Tally } from './tally.ts'

export interface MetricDefinition {
  info: MetricInfo
  /** Null: nothing was observed. */
  compute(tally: Tally): number | null
  /** What sources are read into it; null: it is computed of counts. */
  gauge: FieldName | null
  /** What it means that nothing was read in a minute. */
  absent: 0 | null
}

type Compute = MetricDefinition['compute']
type Statistic = MetricInfo['statistic']

const PREFIXES: Record<Exclude<MetricLevel, 'instance'>, string> = {
  region: 'Region',
  service: 'Service',
  function: 'Function',
}
type Level = keyof typeof PREFIXES
const ALL: readonly Level[] = ['region', 'service', 'function']
const FUNCTION: readonly Level[] = ['function']
const REGION: readonly Level[] = ['region']

/** Without its prefix: `TotalInvocations` of `FunctionTotalInvocations`. */
type Row = [
  suffix: string,
  levels: readonly Level[],
  unit: string,
  statistic: Statistic,
  compute: Compute,
  description: string,
]

const sum =
  (...fields: FieldName[]): Compute =>
  (tally) =>
    fields.reduce((total, field) => total + tally.get(field)!, 0)
const reading =
  (field: FieldName): Compute =>
  (tally) =>
    tally.get(field)
const ratio =
  (part: FieldName, of: FieldName, factor = 1): Compute =>
  (tally) =>
    tally.get(of) === 0 ? null : (tally.get(part)! / tally.get(of)!) * factor
const percentOfCalls =
  (...fields: FieldName[]): Compute =>
  (tally) =>
    tally.get('invocations') === 0 ? null : (sum(...fields)(tally)! / tally.get('invocations')!) * 100
const percentile =
  (share: number): Compute =>
  (tally) =>
    tally.quantile(share)

const counts: Row[] = [
  ['TotalInvocations', ALL, 'count', 'sum', sum('invocations'), 'Invocations, those that were refused included'],
  ['BillableInvocations', ALL, 'count', 'sum', sum('executed'), 'Invocations in which code ran'],
  ['HTTPStatus2xx', FUNCTION, 'count', 'sum', sum('http2xx'), 'Answered with status 200 to 299'],
  ['HTTPStatus3xx', FUNCTION, 'count', 'sum', sum('http3xx'), 'Answered with status 300 to 399'],
  ['HTTPStatus4xx', FUNCTION, 'count', 'sum', sum('http4xx'), 'Answered with status 400 to 499'],
  ['HTTPStatus5xx', FUNCTION, 'count', 'sum', sum('http5xx'), 'Answered with status 500 to 599'],
  ['ServerErrors', ALL, 'count', 'sum', sum('serverErrors'), 'Failed by the fault of the platform'],
  ['ClientErrors', ALL, 'count', 'sum', sum('clientErrors'), 'Failed by the fault of the caller, throttles apart'],
  ['FunctionErrors', ALL, 'count', 'sum', sum('functionErrors'), 'Failed by the fault of the function'],
  [
    'Throttles',
    ['region', 'service'],
    'count',
    'sum',
    sum('concurrencyThrottles'),
    'Refused by a limit of instances or of the queue (ResourceExhausted)',
  ],
  [
    'ConcurrencyThrottles',
    FUNCTION,
    'count',
    'sum',
    sum('concurrencyThrottles'),
    'Refused by a limit of instances or of the queue (ResourceExhausted)',
  ],
  [
    'ResourceThrottles',
    ALL,
    'count',
    'sum',
    sum('resourceThrottles'),
    'Refused for want of resources (ResourceThrottled)',
  ],
  ['ServerErrorsRate', ALL, 'percent', 'average', percentOfCalls('serverErrors'), 'Server errors, of all invocations'],
  ['ClientErrorsRate', ALL, 'percent', 'average', percentOfCalls('clientErrors'), 'Client errors, of all invocations'],
  [
    'FunctionErrorsRate',
    ALL,
    'percent',
    'average',
    percentOfCalls('functionErrors'),
    'Function errors, of all invocations',
  ],
  [
    'ThrottlesRate',
    ALL,
    'percent',
    'average',
    percentOfCalls('concurrencyThrottles', 'resourceThrottles'),
    'Throttles, of all invocations',
  ],
  ['ColdStarts', ALL, 'count', 'sum', sum('coldStarts'), 'Invocations for which an instance was started (ours)'],
  ['ColdStartsRate', ALL, 'percent', 'average', percentOfCalls('coldStarts'), 'Cold starts, of all invocations (ours)'],
  ['RequestBytes', ALL, 'bytes', 'sum', sum('requestBytes'), 'Bytes of request bodies (ours)'],
  ['ResponseBytes', ALL, 'bytes', 'sum', sum('responseBytes'), 'Bytes of response bodies (ours)'],
  ['BilledDuration', ALL, 'ms', 'sum', sum('billedMs'), 'Billed time, of lifecycle hooks too (ours)'],
  [
    'MemoryUsage',
    ALL,
    'GB-seconds',
    'sum',
    (tally) => tally.get('billedMBms')! / 1024 / 1000,
    'Memory size times billed time (ours)',
  ],
]

const times: Row[] = [
  ['AvgDuration', ALL, 'ms', 'average', ratio('durationMsSum', 'executed'), 'Mean time in the function'],
  ['P50Duration', ALL, 'ms', 'p50', percentile(0.5), 'Half of all took no longer in the function (ours)'],
  ['P90Duration', ALL, 'ms', 'p90', percentile(0.9), '90 % took no longer in the function'],
  ['P95Duration', ALL, 'ms', 'p95', percentile(0.95), '95 % took no longer in the function (ours)'],
  ['P99Duration', ALL, 'ms', 'p99', percentile(0.99), '99 % took no longer in the function'],
  ['MaxDuration', ALL, 'ms', 'maximum', reading('durationMsMax'), 'The longest time in the function'],
  [
    'LatencyAvg',
    ALL,
    'ms',
    'average',
    ratio('latencyMsSum', 'executed'),
    'Mean time from accepted to answered: waiting, cold start and execution',
  ],
  ['LatencyMax', ALL, 'ms', 'maximum', reading('latencyMsMax'), 'The longest time from accepted to answered (ours)'],
  ['ColdStartAvg', ALL, 'ms', 'average', ratio('coldStartMsSum', 'coldStarts'), 'Mean wait of cold starts (ours)'],
  ['MaxMemoryUsage', FUNCTION, 'MB', 'maximum', reading('memoryMBMax'), 'The most memory that an instance used'],
  ['MemoryLimitMB', FUNCTION, 'MB', 'last', reading('memoryLimitMB'), 'Memory size'],
]

const asynchronous: Row[] = [
  ['EnqueueCount', ALL, 'count', 'sum', sum('asyncEnqueued'), 'Asynchronous invocations accepted'],
  ['DequeueCount', ALL, 'count', 'sum', sum('asyncDequeued'), 'Asynchronous invocations taken up, each time'],
  [
    'AsyncMessageLatencyAvg',
    FUNCTION,
    'ms',
    'average',
    ratio('asyncLatencyMsSum', 'asyncStarted'),
    'Mean time from accepted, or due if later, to the first attempt',
  ],
  [
    'AsyncMessageLatencyMax',
    FUNCTION,
    'ms',
    'maximum',
    reading('asyncLatencyMsMax'),
    'The longest time from accepted, or due if later, to the first attempt',
  ],
  ['AsyncEventRetried', FUNCTION, 'count', 'sum', sum('asyncRetried'), 'Attempts put off to be made again (ours)'],
  ['AsyncEventExpiredDropped', ALL, 'count', 'sum', sum('asyncExpired'), 'Given up because of their age'],
  ['AsyncEventDropped', ALL, 'count', 'sum', sum('asyncDropped'), 'Given up for other reasons than their age (ours)'],
  ['DestinationErrors', ALL, 'count', 'sum', sum('destinationFailed'), 'Results not delivered'],
  ['DestinationSucceeded', ALL, 'count', 'sum', sum('destinationSucceeded'), 'Results delivered'],
]

type GaugeRow = [
  suffix: string,
  levels: readonly Level[],
  unit: string,
  statistic: Statistic,
  field: FieldName,
  absent: 0 | null,
  description: string,
]

const gauges: GaugeRow[] = [
  ['ConcurrentCount', ALL, 'count', 'maximum', 'concurrency', 0, 'Invocations that run at the same time'],
  ['ConcurrencyLimit', REGION, 'count', 'last', 'concurrencyLimit', null, 'The most instances there may be'],
  ['OndemandActiveInstance', ALL, 'count', 'maximum', 'onDemandInstances', 0, 'Instances made by requests'],
  ['ProvisionedCurrentInstance', ALL, 'count', 'maximum', 'provisionedInstances', 0, 'Instances kept ready'],
  ['OndemandInstanceQuota', FUNCTION, 'count', 'last', 'onDemandQuota', null, 'The most instances it may have'],
  ['WaitingRequests', REGION, 'count', 'maximum', 'waitingRequests', 0, 'Requests that wait for an instance (ours)'],
  ['AsyncMessagesBacklogV2', ALL, 'count', 'maximum', 'asyncBacklog', 0, 'Asynchronous invocations that wait'],
  ['AsyncMessagesInProcess', ALL, 'count', 'maximum', 'asyncInProcess', 0, 'Asynchronous invocations worked on'],
  [
    'AsyncMessageAgeMax',
    FUNCTION,
    'ms',
    'maximum',
    'asyncOldestMs',
    0,
    'The age of the oldest asynchronous invocation that waits (ours)',
  ],
  ['MonthCost', REGION, 'currency', 'last', 'monthCost', null, 'What the month has cost so far (ours)'],
  ['MonthForecast', REGION, 'currency', 'last', 'monthForecast', null, 'What the month will cost at this pace (ours)'],
]

/** Readings of one instance, of functions with `enableInstanceMetrics`. */
const instance: [name: string, unit: string, statistic: Statistic, compute: Compute, description: string][] = [
  ['MaxConcurrentRequests', 'count', 'maximum', reading('concurrentMax'), 'The most requests at the same time'],
  [
    'AvgConcurrentRequests',
    'count',
    'average',
    ratio('concurrentSum', 'readings'),
    'Mean of requests at the same time',
  ],
  ['vCPUQuotaCores', 'cores', 'last', reading('cpuQuotaCores'), 'Cores that it may use'],
  ['MaxvCPUCores', 'cores', 'maximum', reading('cpuCoresMax'), 'The most cores used'],
  ['AvgvCPUCores', 'cores', 'average', ratio('cpuCoresSum', 'readings'), 'Mean of cores used'],
  [
    'MaxvCPUUtilization',
    'percent',
    'maximum',
    percentOf('cpuCoresMax', 'cpuQuotaCores'),
    'The most cores used, of its quota',
  ],
  [
    'AvgvCPUUtilization',
    'percent',
    'average',
    meanPercentOf('cpuCoresSum', 'cpuQuotaCores'),
    'Mean of cores used, of its quota',
  ],
  ['MaxMemoryUsageMB', 'MB', 'maximum', reading('usedMemoryMBMax'), 'The most memory used'],
  ['AvgMemoryUsageMB', 'MB', 'average', ratio('usedMemoryMBSum', 'readings'), 'Mean of memory used'],
  [
    'MaxMemoryUtilization',
    'percent',
    'maximum',
    percentOf('usedMemoryMBMax', 'memoryLimitMB'),
    'The most memory used, of its size',
  ],
  [
    'AvgMemoryUtilization',
    'percent',
    'average',
    meanPercentOf('usedMemoryMBSum', 'memoryLimitMB'),
    'Mean of memory used, of its size',
  ],
]

function percentOf(part: FieldName, of: FieldName): Compute {
  return (tally) => {
    const value = tally.get(part)
    return value === null ? null : (value / tally.get(of)!) * 100
  }
}

function meanPercentOf(part: FieldName, of: FieldName): Compute {
  return (tally) => {
    const readings = tally.get('readings')!
    return readings === 0 ? null : (tally.get(part)! / readings / tally.get(of)!) * 100
  }
}

function computed([suffix, levels, unit, statistic, compute, description]: Row): MetricDefinition[] {
  return levels.map((level) => ({
    info: { name: `${PREFIXES[level]}${suffix}`, level, unit, statistic, description },
    compute,
    gauge: null,
    absent: null,
  }))
}

function read([suffix, levels, unit, statistic, gauge, absent, description]: GaugeRow): MetricDefinition[] {
  return levels.map((level) => ({
    info: { name: `${PREFIXES[level]}${suffix}`, level, unit, statistic, description },
    compute: reading(gauge),
    gauge,
    absent,
  }))
}

/** The name that older pages give to FunctionFunctionErrors. */
const OLD_NAME: Row = ['Errors', FUNCTION, 'count', 'sum', sum('functionErrors'), 'The same as FunctionFunctionErrors']

const definitions: readonly MetricDefinition[] = [
  ...[...counts, OLD_NAME, ...times, ...asynchronous].flatMap(computed),
  ...gauges.flatMap(read),
  ...instance.map(([name, unit, statistic, compute, description]): MetricDefinition => ({
    info: { name, level: 'instance', unit, statistic, description },
    compute,
    gauge: null,
    absent: null,
  })),
]

export const CATALOGUE: readonly MetricInfo[] = definitions.map(({ info }) => info)

const byName = new Map(definitions.map((definition) => [definition.info.name, definition]))

export function findMetric(name: string): MetricDefinition | undefined {
  return byName.get(name)
}
