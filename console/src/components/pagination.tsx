import './pagination.css'
import { useFormat, useWords } from '../i18n/language.ts'
import { Button } from './button.tsx'
import { words } from './words.ts'

interface PaginationProps {
  /** From 0. */
  page: number
  pageSize: number
  total: number
  onPage: (page: number) => void
}

export function Pagination({ page, pageSize, total, onPage }: PaginationProps) {
  const t = useWords(words)
  const { number } = useFormat()
  const end = Math.min((page + 1) * pageSize, total)
  return (
    <div className="pagination">
      <span className="soft small number" aria-live="polite">
        {t.rowsOf(number(page * pageSize + 1), number(end), number(total))}
      </span>
      <Button small icon="left" disabled={page === 0} onClick={() => onPage(page - 1)}>
        {t.previous}
      </Button>
      <Button small disabled={end >= total} onClick={() => onPage(page + 1)}>
        {t.next}
      </Button>
    </div>
  )
}
