import { PageHead } from '../../shell/page-head.tsx'
import { useWords } from '../../i18n/language.ts'
import { words } from '../../shell/words.ts'

export default function Functions() {
  const t = useWords(words)
  return <PageHead title={t.functions} />
}
