/** Every runtime, what runs its functions here, and what brings one that is missing. */
import { useApi } from '../../api/use-api.ts'
import { Badge, Status } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/code-block.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { words } from './words.ts'
import './runtimes.css'

interface Runtime {
  name: string
  available: boolean
  reason?: string
  runsOn?: { version: string; program: string; fit: 'exact' | 'newer' | 'older' }
  install?: string
}

export default function Runtimes() {
  const t = useWords(words)
  const runtimes = useApi<{ runtimes: Runtime[] }>('/sluice/v1/runtimes')
  const again = async () => {
    const { isSuccess } = await runtimes.refetch()
    if (isSuccess) toast(t.looked)
  }
  return (
    <div className="stack">
      <PageHead
        title={t.title}
        lead={t.lead}
        actions={
          <Button icon="refresh" busy={runtimes.isFetching} onClick={() => void again()}>
            {t.again}
          </Button>
        }
      />
      <QueryView query={runtimes}>
        {(data) => (
          <div className="card flush">
            <Table
              caption={t.title}
              rows={data.runtimes}
              keyOf={({ name }) => name}
              empty={<EmptyState icon="runtimes" title={t.none} />}
              columns={[
                {
                  key: 'runtime',
                  header: t.runtime,
                  render: ({ name }) => <strong>{name}</strong>,
                  sortBy: ({ name }) => name,
                },
                {
                  key: 'state',
                  header: t.state,
                  render: ({ available }) => (
                    <Status tone={available ? 'good' : 'bad'}>{available ? t.available : t.missing}</Status>
                  ),
                  sortBy: ({ available }) => (available ? 0 : 1),
                },
                { key: 'runsOn', header: t.runsOn, render: ({ runsOn }) => <RunsOn runsOn={runsOn} /> },
                { key: 'note', header: t.note, render: (runtime) => <Note runtime={runtime} /> },
              ]}
            />
          </div>
        )}
      </QueryView>
    </div>
  )
}

function RunsOn({ runsOn }: { runsOn: Runtime['runsOn'] | undefined }) {
  const t = useWords(words)
  if (runsOn === undefined) return <span className="soft">–</span>
  return (
    <span className="runtimes-on">
      <span className="mono" title={runsOn.program}>
        {runsOn.version}
      </span>
      {runsOn.fit !== 'exact' && <Badge tone={runsOn.fit === 'older' ? 'warn' : 'info'}>{t[runsOn.fit]}</Badge>}
    </span>
  )
}

function Note({ runtime: { reason, install } }: { runtime: Runtime }) {
  const t = useWords(words)
  if (reason === undefined && install === undefined) return null
  return (
    <div className="stack tight">
      {reason !== undefined && <span>{reason}</span>}
      {install !== undefined && (
        <span className="runtimes-install">
          <span className="small soft">{t.install}</span>
          <code>{install}</code>
          <CopyButton text={install} />
        </span>
      )}
    </div>
  )
}
