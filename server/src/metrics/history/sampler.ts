/** Reads what is not counted but is there: gauges, and what instances use. */
import type { GaugeReading, InstanceReading } from '../port.ts'
import { findMetric } from './catalogue.ts'
import { FIELD, type FieldName, FIELDS } from './fields.ts'
import type { Recorder } from './recorder.ts'
import { instanceSubject, REGION, serviceOf } from './subjects.ts'

/** Instances read at a time; those beyond it have no metrics of their own. */
const INSTANCES_READ_MAX = 500

export class Sampler {
  readonly #recorder: Recorder
  readonly #gauges: (() => Iterable<GaugeReading>)[] = []
  readonly #instances: (() => Iterable<InstanceReading>)[] = []

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  addGauges(read: () => Iterable<GaugeReading>): void {
    this.#gauges.push(read)
  }

  addInstances(read: () => Iterable<InstanceReading>): void {
    this.#instances.push(read)
  }

  /** Into the second that goes on; once in it is enough. */
  sample(): void {
    if (this.#recorder.wasRead) return
    this.#recorder.noteRead()
    for (const [subject, values] of this.#readGauges()) {
      for (const [field, value] of values) this.#recorder.add(subject, field, value)
    }
    let count = 0
    for (const read of this.#instances) {
      for (const reading of read()) if (++count <= INSTANCES_READ_MAX) this.#addInstance(reading)
    }
  }

  /** What is read of functions is added up for their service and for everything, except limits. */
  #readGauges(): Map<string, Map<FieldName, number>> {
    const sums = new Map<string, Map<FieldName, number>>()
    const add = (subject: string, field: FieldName, value: number) => {
      const values = sums.get(subject) ?? new Map<FieldName, number>()
      sums.set(subject, values.set(field, (values.get(field) ?? 0) + value))
    }
    for (const read of this.#gauges) {
      for (const { metric, functionKey, value } of read()) {
        const field = findMetric(metric)?.gauge
        if (field === undefined || field === null) throw new TypeError(`${metric} is no metric that is read`)
        add(functionKey ?? REGION, field, value)
        if (functionKey === undefined || FIELDS[FIELD[field]]!.merge === 'last') continue
        add(REGION, field, value)
        const service = serviceOf(functionKey)
        if (service !== null) add(service, field, value)
      }
    }
    return sums
  }

  #addInstance({ instanceId, inFlight, cpuCores, cpuQuotaCores, usedMemoryMB, memoryMB }: InstanceReading): void {
    const subject = instanceSubject(instanceId)
    // It starts, or ends just now.
    if (cpuCores === null || usedMemoryMB === null) return
    const add = (field: FieldName, value: number) => this.#recorder.add(subject, field, value)
    add('readings', 1)
    add('concurrentMax', inFlight)
    add('concurrentSum', inFlight)
    add('cpuQuotaCores', cpuQuotaCores)
    add('cpuCoresMax', cpuCores)
    add('cpuCoresSum', cpuCores)
    add('usedMemoryMBMax', usedMemoryMB)
    add('usedMemoryMBSum', usedMemoryMB)
    add('memoryLimitMB', memoryMB)
  }
}
