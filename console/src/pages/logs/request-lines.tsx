import { Button } from '../../components/button.tsx'
import { ErrorNotice, Skeleton } from '../../components/states.tsx'
import type { Period } from '../../components/time-range.ts'
import { useWords } from '../../i18n/language.ts'
import { HitLine } from './hit-line.tsx'
import { useSearch } from './search.ts'
import { words } from './words.ts'

/** All lines of a query in the order in which they were printed. */
export function RequestLines({ query, period }: { query: string; period: Period }) {
  const t = useWords(words)
  const search = useSearch({ query, functionKey: '', period }, { isDescending: false })
  const hits = search.data?.pages.flatMap((page) => ('hits' in page ? page.hits : []))
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.requestLines}</h2>
        <Button small icon="refresh" busy={search.isFetching} onClick={() => void search.refetch()}>
          {t.refresh}
        </Button>
      </div>
      {search.error ? <ErrorNotice error={search.error} /> : hits === undefined && <Skeleton lines={5} />}
      <ol className="hits">
        {hits?.map((hit) => (
          <li key={hit.id} className="hit">
            <HitLine hit={hit} showsFunction={false} />
          </li>
        ))}
      </ol>
      {search.hasNextPage && (
        <div className="hits-more">
          <Button busy={search.isFetchingNextPage} onClick={() => void search.fetchNextPage()}>
            {t.more}
          </Button>
        </div>
      )}
    </section>
  )
}
