/** What runs now, as a picture of the host or as a table, each second anew. */
import { useId } from 'react'
import { useSearchParams } from 'wouter'
import { useApi } from '../../api/use-api.ts'
import { ButtonLink } from '../../components/button.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { HostCard } from './host-card.tsx'
import { HostTiles } from './host-tiles.tsx'
import { InstanceDetails } from './instance-details.tsx'
import { InstanceTable } from './instance-table.tsx'
import { groupInstances, type HostPicture } from './picture.ts'
import { words } from './words.ts'
import './instances.css'

const SECOND_MS = 1000

export default function Instances() {
  const t = useWords(words)
  const panelId = useId()
  const [search, setSearch] = useSearchParams()
  const view = search.get('view') === 'table' ? 'table' : 'picture'
  const selectedId = search.get('instance') ?? ''
  const query = useApi<HostPicture>('/sluice/v1/instances', {}, { refetchInterval: SECOND_MS })
  const set = (name: string, value: string) =>
    setSearch(
      (before) => {
        if (value === '') before.delete(name)
        else before.set(name, value)
        return before
      },
      { replace: true },
    )
  const select = (id: string) => set('instance', id === selectedId ? '' : id)
  return (
    <div className="stack">
      <PageHead title={t.title} lead={t.lead} />
      <QueryView query={query}>
        {({ host, instances, stems }) => {
          const groups = groupInstances(instances)
          return (
            <>
              <HostCard host={host} groups={groups} count={instances.length} stems={stems} />
              <Tabs
                label={t.view}
                tabs={[
                  { id: 'picture', label: t.picture },
                  { id: 'table', label: t.table },
                ]}
                selected={view}
                onSelect={(id) => set('view', id === 'table' ? 'table' : '')}
                panelId={panelId}
              />
              <div id={panelId} role="tabpanel" aria-label={view === 'table' ? t.table : t.picture}>
                {instances.length === 0 ? (
                  <EmptyState
                    icon="instances"
                    title={t.none}
                    action={<ButtonLink href="/functions">{t.toFunctions}</ButtonLink>}
                  >
                    {t.noneHint}
                  </EmptyState>
                ) : view === 'table' ? (
                  <InstanceTable instances={instances} onSelect={select} />
                ) : (
                  <HostTiles groups={groups} selectedId={selectedId} onSelect={select} />
                )}
              </div>
              {selectedId !== '' && (
                <InstanceDetails
                  id={selectedId}
                  instance={instances.find(({ instanceId }) => instanceId === selectedId)}
                  onClose={() => select(selectedId)}
                />
              )}
            </>
          )
        }}
      </QueryView>
    </div>
  )
}
