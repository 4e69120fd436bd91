/** What functions printed: searched, counted over time, analysed, and followed as it comes. */
import { useMemo, useState } from 'react'
import { useLocation, useSearch as useAddress } from 'wouter'
import { Button } from '../../components/button.tsx'
import { periodOf } from '../../components/time-range.ts'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { FollowView } from './follow-view.tsx'
import { Histogram } from './histogram.tsx'
import { isAnalysis, type LogsState, readAddress, withCondition, writeAddress } from './logs-address.ts'
import { QueryBar } from './query-bar.tsx'
import { SearchResult } from './search-result.tsx'
import { type Asked, useHistogram, useSearch } from './search.ts'
import { words } from './words.ts'

export function SearchPage() {
  const t = useWords(words)
  const address = useAddress()
  const [path, navigate] = useLocation()
  const [askedAgain, setAskedAgain] = useState(0)
  const state = useMemo(() => readAddress(address), [address])
  // A period up to now begins with the question: its pages and its histogram are of the same one.
  const asked: Asked = useMemo(
    () => ({ query: state.query, functionKey: state.functionKey, period: periodOf(state.range, Date.now()) }),
    [state, askedAgain],
  )
  const search = useSearch(asked, { enabled: !state.isFollowing })
  const histogram = useHistogram(asked, !state.isFollowing && !isAnalysis(state.query))
  const change = (changed: Partial<LogsState>) => {
    const written = writeAddress({ ...state, ...changed })
    navigate(written === '' ? path : `${path}?${written}`)
  }
  const copyLink = async () => {
    // Whoever follows the link sees this period, whenever that is.
    const written = writeAddress(state.isFollowing ? state : { ...state, range: asked.period })
    await navigator.clipboard.writeText(`${location.origin}${location.pathname}?${written}`)
    toast(t.linkCopied)
  }
  const mistake = search.error?.position === undefined ? null : search.error

  return (
    <div className="stack loose">
      <PageHead
        title={t.title}
        lead={t.lead}
        actions={
          <Button icon="link" onClick={() => void copyLink()}>
            {t.copyLink}
          </Button>
        }
      />
      <QueryBar
        state={state}
        onChange={change}
        onSearch={() => setAskedAgain(askedAgain + 1)}
        error={mistake}
        busy={search.isFetching}
      />
      {state.isFollowing ? (
        <FollowView key={writeAddress(state)} state={state} />
      ) : (
        <>
          {histogram.data !== undefined && histogram.data.total > 0 && (
            <div className="card">
              <Histogram histogram={histogram.data} onSelect={(range) => change({ range })} />
            </div>
          )}
          {mistake === null && (
            <SearchResult
              asked={asked}
              search={search}
              total={histogram.data?.total}
              onCondition={(condition) => change({ query: withCondition(state.query, condition) })}
            />
          )}
        </>
      )}
    </div>
  )
}
