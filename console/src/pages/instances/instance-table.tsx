import { Badge } from '../../components/badge.tsx'
import { Table } from '../../components/table.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { type InstanceView, lookOf } from './picture.ts'
import { words } from './words.ts'

/** The same as the picture says, in words. */
export function InstanceTable({
  instances,
  onSelect,
}: {
  instances: readonly InstanceView[]
  onSelect: (id: string) => void
}) {
  const t = useWords(words)
  const format = useFormat()
  const nowMs = Date.now()
  return (
    <div className="card flush">
      <Table
        caption={t.title}
        rows={instances}
        keyOf={({ instanceId }) => instanceId}
        empty={null}
        order={{ key: 'function', descending: false }}
        columns={[
          {
            key: 'instance',
            header: t.instance,
            render: ({ instanceId }) => (
              <button type="button" className="instances-name mono" onClick={() => onSelect(instanceId)}>
                {instanceId}
              </button>
            ),
            sortBy: ({ instanceId }) => instanceId,
          },
          {
            key: 'function',
            header: t.function,
            render: ({ functionKey, versionId }) => `${functionKey} · ${versionId}`,
            sortBy: ({ functionKey }) => functionKey,
          },
          {
            key: 'state',
            header: t.state,
            render: ({ state }) => <Badge tone={TONES[lookOf(state)]}>{t[lookOf(state)]}</Badge>,
            sortBy: ({ state }) => state,
          },
          {
            key: 'memory',
            header: t.memory,
            numeric: true,
            render: ({ usedMemoryMB, memoryMB }) =>
              t.ofMemory(format.megabytes(usedMemoryMB), format.megabytes(memoryMB)),
            sortBy: ({ usedMemoryMB }) => usedMemoryMB,
          },
          {
            key: 'cpu',
            header: t.cpu,
            numeric: true,
            render: ({ cpuCores, cpuQuotaCores }) =>
              t.cores(format.number(cpuCores, 2), format.number(cpuQuotaCores, 2)),
            sortBy: ({ cpuCores }) => cpuCores,
          },
          {
            key: 'inFlight',
            header: t.inFlight,
            numeric: true,
            render: ({ inFlight, concurrency }) => t.slots(format.number(inFlight), format.number(concurrency)),
            sortBy: ({ inFlight }) => inFlight,
          },
          {
            key: 'since',
            header: t.since,
            numeric: true,
            render: ({ startedMs }) => format.durationMs(nowMs - startedMs),
            sortBy: ({ startedMs }) => -startedMs,
          },
        ]}
      />
    </div>
  )
}

const TONES = {
  busy: 'accent',
  ready: 'good',
  frozen: 'info',
  starting: 'warn',
  ending: 'neutral',
  other: 'neutral',
} as const
