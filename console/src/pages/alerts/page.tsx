import { useParams } from 'wouter'
import { TabLinks } from '../../components/tabs.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { HistoryTab } from './history-tab.tsx'
import { RoutesTab } from './routes-tab.tsx'
import { RulesTab } from './rules-tab.tsx'
import { SilencesTab } from './silences-tab.tsx'
import { words } from './words.ts'
import './alerts.css'

const TABS = { rules: RulesTab, routes: RoutesTab, silences: SilencesTab, history: HistoryTab }
const NAMES = Object.keys(TABS) as (keyof typeof TABS)[]

export default function Alerts() {
  const t = useWords(words)
  const { tab = 'rules' } = useParams<{ tab?: string }>()
  const selected = NAMES.find((name) => name === tab) ?? 'rules'
  const Shown = TABS[selected]
  return (
    <div className="stack">
      <PageHead title={t.title} lead={t.lead} />
      <TabLinks
        label={t.title}
        tabs={NAMES.map((id) => ({ id, label: t[id] }))}
        selected={selected}
        hrefOf={(id) => (id === 'rules' ? '/alerts' : `/alerts/${id}`)}
      />
      <Shown />
    </div>
  )
}
