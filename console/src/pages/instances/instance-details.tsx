import { Link } from 'wouter'
import { IconButton } from '../../components/button.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { quoted, writeAddress } from '../logs/logs-address.ts'
import { type InstanceView, lookOf } from './picture.ts'
import { words } from './words.ts'

interface Props {
  id: string
  /** Undefined: it has ended. */
  instance: InstanceView | undefined
  onClose: () => void
}

/** Stays in sight at the lower edge while the picture above goes on. */
export function InstanceDetails({ id, instance, onClose }: Props) {
  const t = useWords(words)
  return (
    <section
      className="card instances-details"
      aria-label={`${t.instance} ${id}`}
      onKeyDown={({ key }) => key === 'Escape' && onClose()}
    >
      <div className="card-head">
        <h2 className="mono">{id}</h2>
        <IconButton small icon="close" label={t.close} onClick={onClose} />
      </div>
      {instance === undefined ? <p className="soft">{t.gone}</p> : <Facts instance={instance} />}
    </section>
  )
}

function Facts({ instance }: { instance: InstanceView }) {
  const t = useWords(words)
  const format = useFormat()
  const nowMs = Date.now()
  const facts = [
    [t.function, instance.functionKey],
    [t.version, instance.versionId],
    [t.state, t[lookOf(instance.state)]],
    [t.memory, t.ofMemory(format.megabytes(instance.usedMemoryMB), format.megabytes(instance.memoryMB))],
    [t.cpu, t.cores(format.number(instance.cpuCores, 2), format.number(instance.cpuQuotaCores, 2))],
    [t.inFlight, t.slots(format.number(instance.inFlight), format.number(instance.concurrency))],
    [t.since, format.durationMs(nowMs - instance.startedMs)],
    [t.idle, format.durationMs(instance.idleSinceMs === null ? null : nowMs - instance.idleSinceMs)],
    [t.start, instance.provisioned ? t.provisioned : t.onDemand],
  ]
  const logs = writeAddress({
    query: `instanceId: ${quoted(instance.instanceId)}`,
    functionKey: instance.functionKey,
    range: { lastMs: 3_600_000 },
    isFollowing: false,
  })
  return (
    <>
      <dl className="instances-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="row">
        <Link href={`/logs?${logs}`}>{t.logs}</Link>
        <Link href={`/functions/${encodeURIComponent(instance.functionKey)}`}>{t.openFunction}</Link>
      </p>
    </>
  )
}
