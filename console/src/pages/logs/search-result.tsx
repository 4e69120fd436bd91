/** The hits of a search page by page, or the table of an analysis. */
import { useCallback, useEffect, useState } from 'react'
import { Button } from '../../components/button.tsx'
import { saveFile } from '../../components/save-file.ts'
import { EmptyState, ErrorNotice, Skeleton } from '../../components/states.tsx'
import { toastError } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { csvFile, linesFile } from './files.ts'
import { HitRow } from './hit-row.tsx'
import { ResultTable } from './result-table.tsx'
import { type Asked, hitsToDownload, type useSearch } from './search.ts'
import { words } from './words.ts'

interface Props {
  asked: Asked
  search: ReturnType<typeof useSearch>
  /** Of all pages, as the histogram counts them. */
  total: number | undefined
  onCondition: (condition: string) => void
}

export function SearchResult({ asked, search, total, onCondition }: Props) {
  const t = useWords(words)
  const format = useFormat()
  const [openId, setOpenId] = useState('')
  const [isSaving, setSaving] = useState(false)
  const toggle = useCallback((id: string) => setOpenId((open) => (open === id ? '' : id)), [])
  const pages = search.data?.pages
  const isEmpty = pages?.every((page) => 'hits' in page && page.hits.length === 0) ?? false
  // A page ends where enough was read, also when nothing in it was a hit.
  const goesOn = isEmpty && search.hasNextPage && !search.isFetchingNextPage
  const { fetchNextPage } = search
  useEffect(() => {
    if (goesOn) void fetchNextPage()
  }, [goesOn, fetchNextPage])
  const first = pages?.[0]

  if (search.error) return <ErrorNotice error={search.error} onRetry={() => void search.refetch()} />
  if (pages === undefined || first === undefined || (isEmpty && search.hasNextPage)) return <Skeleton lines={8} />
  const scanned = pages.reduce((sum, { scannedLines }) => sum + scannedLines, 0)
  const hits = pages.flatMap((page) => ('hits' in page ? page.hits : []))
  const save = async () => {
    setSaving(true)
    try {
      if ('rows' in first) saveFile('logs.csv', 'text/csv', csvFile(first.columns, first.rows))
      else saveFile('logs.log', 'text/plain', linesFile(await hitsToDownload(asked)))
    } catch (error) {
      toastError(error as Error)
    }
    setSaving(false)
  }
  const count = 'rows' in first ? t.rows(format.number(first.rows.length)) : t.hits(format.number(total ?? hits.length))
  if (!('rows' in first) && hits.length === 0) {
    const isNarrow = asked.query !== '' || asked.functionKey !== ''
    return (
      <EmptyState icon="logs" title={isNarrow ? t.noHits : t.nothingYet}>
        {isNarrow ? t.noHitsHint : t.nothingYetHint}
      </EmptyState>
    )
  }
  return (
    <section className="card flush">
      <div className="card-head">
        <span className="small soft" role="status">
          {count} · {t.scanned(format.number(scanned))}
        </span>
        <Button small icon="download" busy={isSaving} onClick={() => void save()}>
          {t.download}
        </Button>
      </div>
      {'rows' in first ? (
        <ResultTable {...first} />
      ) : (
        <ol className="hits">
          {hits.map((hit) => (
            <HitRow
              key={hit.id}
              hit={hit}
              isOpen={hit.id === openId}
              showsFunction={asked.functionKey === ''}
              onToggle={toggle}
              onCondition={onCondition}
            />
          ))}
        </ol>
      )}
      {search.hasNextPage && (
        <div className="hits-more">
          <Button busy={search.isFetchingNextPage} onClick={() => void search.fetchNextPage()}>
            {t.loadMore}
          </Button>
        </div>
      )}
    </section>
  )
}
