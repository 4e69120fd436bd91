import { PageHead } from '../../shell/page-head.tsx'
import { useWords } from '../../i18n/language.ts'
import { Appearance } from './appearance.tsx'
import { Effective } from './effective.tsx'
import { Platform } from './platform.tsx'
import { words } from './words.ts'
import './settings.css'

export default function Settings() {
  const t = useWords(words)
  return (
    <div className="stack">
      <PageHead title={t.title} lead={t.lead} />
      <Appearance />
      <Platform />
      <Effective />
    </div>
  )
}
