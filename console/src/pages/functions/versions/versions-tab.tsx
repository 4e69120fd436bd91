import type { FunctionItem } from '../../../api/functions.ts'
import { useWords } from '../../../i18n/language.ts'
import { Aliases } from './aliases.tsx'
import { VersionList } from './version-list.tsx'
import { words } from './words.ts'

export default function VersionsTab({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  return (
    <div className="stack loose">
      {item.serviceName !== null && <p className="soft">{t.ofService(item.serviceName)}</p>}
      <Aliases functionKey={item.key} />
      <VersionList functionKey={item.key} />
    </div>
  )
}
