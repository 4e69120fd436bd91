/** What this installation is, where it listens, and code that reaches it. */
import { useId, useState } from 'react'
import { useApi } from '../../api/use-api.ts'
import { CodeBlock, CopyButton } from '../../components/code-block.tsx'
import { QueryView } from '../../components/states.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useWords } from '../../i18n/language.ts'
import { snippetsFor } from './snippets.ts'
import { words } from './words.ts'

interface Info {
  version: string
  region: string
  accountId: string
  endpoints: Record<string, string>
  sandbox: { kind: string; notice: string | null }
}

export function Platform() {
  const info = useApi<Info>('/sluice/v1/info')
  return (
    <QueryView query={info} lines={6}>
      {(data) => (
        <>
          <Facts info={data} />
          <Connect info={data} />
        </>
      )}
    </QueryView>
  )
}

function Facts({ info }: { info: Info }) {
  const t = useWords(words)
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t.account}</h2>
      </div>
      <dl className="facts">
        <dt>{t.accountId}</dt>
        <dd className="row">
          <span className="mono">{info.accountId}</span> <CopyButton text={info.accountId} />
        </dd>
        <dt>{t.region}</dt>
        <dd>{info.region}</dd>
        <dt>{t.version}</dt>
        <dd>{info.version}</dd>
        <dt>{t.sandbox}</dt>
        <dd>
          {info.sandbox.kind}
          {info.sandbox.notice !== null && <p className="small soft">{info.sandbox.notice}</p>}
        </dd>
        <dt>{t.endpoints}</dt>
        <dd>
          <ul>
            {Object.entries(info.endpoints).map(([name, address]) => (
              <li key={name} className="row">
                <span className="soft settings-endpoint">{name}</span>
                <span className="mono">{address}</span> <CopyButton text={address} />
              </li>
            ))}
          </ul>
        </dd>
      </dl>
    </section>
  )
}

function Connect({ info }: { info: Info }) {
  const t = useWords(words)
  const panelId = useId()
  const snippets = snippetsFor({
    ...info,
    endpoint: info.endpoints['platform'] ?? location.origin,
    objects: info.endpoints['objects'],
  })
  const [selected, setSelected] = useState(snippets[0]!.id)
  const shown = snippets.find(({ id }) => id === selected) ?? snippets[0]!
  return (
    <section className="card stack">
      <h2>{t.connect}</h2>
      <p className="soft">{t.connectText}</p>
      <Tabs
        label={t.connect}
        tabs={snippets.map(({ id, title }) => ({ id, label: title }))}
        selected={shown.id}
        onSelect={setSelected}
        panelId={panelId}
      />
      <div id={panelId} role="tabpanel" aria-label={shown.title}>
        <CodeBlock label={shown.title} text={shown.text} />
      </div>
    </section>
  )
}
