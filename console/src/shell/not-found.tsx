import { ButtonLink } from '../components/button.tsx'
import { EmptyState } from '../components/states.tsx'
import { useWords } from '../i18n/language.ts'
import { PageHead } from './page-head.tsx'
import { words } from './words.ts'

export function NotFound() {
  const t = useWords(words)
  return (
    <>
      <PageHead title={t.notFound} />
      <EmptyState icon="search" title={t.notFoundText} action={<ButtonLink href="/">{t.toDashboard}</ButtonLink>} />
    </>
  )
}
