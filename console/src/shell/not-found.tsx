import { ButtonLink } from '../components/button.tsx'
import { EmptyState } from '../components/states.tsx'
import { useWords } from '../i18n/language.ts'
import { words } from './words.ts'

export function NotFound() {
  const t = useWords(words)
  return (
    <>
      <title>{`${t.notFound} · Sluice`}</title>
      <EmptyState icon="search" title={t.notFound} action={<ButtonLink href="/">{t.toDashboard}</ButtonLink>}>
        {t.notFoundText}
      </EmptyState>
    </>
  )
}
