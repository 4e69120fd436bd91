import { useState } from 'react'
import { useApi } from '../../api/use-api.ts'
import { Badge } from '../../components/badge.tsx'
import { SearchField } from '../../components/field.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { useWords } from '../../i18n/language.ts'
import { words } from './words.ts'

interface Setting {
  name: string
  value: string | number | boolean
  source: string
  help: string
}

const PAGE = 200

/** Every setting with its value and where that comes from. */
export function Effective() {
  const t = useWords(words)
  const [sought, setSought] = useState('')
  const settings = useApi<{ settings: Setting[] }>('/sluice/v1/settings')
  const isFound = ({ name, help }: Setting) => `${name} ${help}`.toLowerCase().includes(sought.trim().toLowerCase())
  return (
    <section className="card flush">
      <div className="card-head">
        <div>
          <h2>{t.effective}</h2>
          <p className="small soft">{t.effectiveText}</p>
        </div>
        <SearchField label={t.find} value={sought} onChange={({ target }) => setSought(target.value)} />
      </div>
      <QueryView query={settings} lines={8}>
        {(data) => (
          <Table
            caption={t.effective}
            rows={data.settings.filter(isFound)}
            keyOf={({ name }) => name}
            pageSize={PAGE}
            empty={<EmptyState icon="search" title={t.nothing} />}
            columns={[
              {
                key: 'name',
                header: t.name,
                render: ({ name, help }) => (
                  <div>
                    <code>{name}</code>
                    <p className="small soft">{help}</p>
                  </div>
                ),
                sortBy: ({ name }) => name,
              },
              {
                key: 'value',
                header: t.value,
                render: ({ value }) =>
                  value === '' ? (
                    <span className="soft">{t.empty}</span>
                  ) : (
                    <code className="settings-value">{String(value)}</code>
                  ),
              },
              {
                key: 'source',
                header: t.source,
                render: ({ source }) => <Badge tone={source === 'default' ? 'neutral' : 'accent'}>{source}</Badge>,
                sortBy: ({ source }) => source,
              },
            ]}
          />
        )}
      </QueryView>
    </section>
  )
}
