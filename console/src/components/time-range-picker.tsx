import './time-range-picker.css'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { useWords } from '../i18n/language.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { TextField } from './field.tsx'
import { LIVE_RANGE, parseRange, periodOf, RANGE_CHOICES_MS, rangeText, type TimeRange } from './time-range.ts'
import { words } from './words.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** The period of a page, kept in its address as `range`. */
export function useTimeRange(fallback: TimeRange = LIVE_RANGE): [TimeRange, (range: TimeRange) => void] {
  const [search, setSearch] = useSearchParams()
  const set = (range: TimeRange) =>
    setSearch(
      (before) => {
        before.set('range', rangeText(range))
        return before
      },
      { replace: true },
    )
  return [parseRange(search.get('range'), fallback), set]
}

interface TimeRangePickerProps {
  range: TimeRange
  onChange: (range: TimeRange) => void
}

export function TimeRangePicker({ range, onChange }: TimeRangePickerProps) {
  const t = useWords(words)
  const [isOpen, setOpen] = useState(false)
  const isChoice = 'lastMs' in range && RANGE_CHOICES_MS.includes(range.lastMs)
  const nameOf = (ms: number) =>
    ms < HOUR_MS ? t.minutes(ms / 60_000) : ms < DAY_MS ? t.hours(ms / HOUR_MS) : t.days(ms / DAY_MS)
  return (
    <>
      <select
        className="time-range-picker"
        aria-label={t.period}
        value={isChoice ? String(range.lastMs) : 'custom'}
        onChange={({ target: { value } }) => (value === 'custom' ? setOpen(true) : onChange({ lastMs: Number(value) }))}
      >
        {RANGE_CHOICES_MS.map((ms) => (
          <option key={ms} value={ms}>
            {nameOf(ms)}
          </option>
        ))}
        <option value="custom">{t.custom}</option>
      </select>
      {isOpen && <FixedRange range={range} onChange={onChange} onClose={() => setOpen(false)} />}
    </>
  )
}

function FixedRange({ range, onChange, onClose }: TimeRangePickerProps & { onClose: () => void }) {
  const t = useWords(words)
  const { fromMs, toMs } = periodOf(range, Date.now())
  const [from, setFrom] = useState(localText(fromMs))
  const [to, setTo] = useState(localText(toMs))
  const chosen = { fromMs: new Date(from).getTime(), toMs: new Date(to).getTime() }
  const isValid = chosen.fromMs < chosen.toMs
  const actions = (
    <Button type="submit" kind="primary" disabled={!isValid}>
      {t.period}
    </Button>
  )
  const submit = () => {
    if (!isValid) return
    onChange(chosen)
    onClose()
  }
  return (
    <Dialog title={t.period} onClose={onClose} onSubmit={submit} actions={actions}>
      <TextField
        label={t.from}
        type="datetime-local"
        step="1"
        value={from}
        onChange={(event) => setFrom(event.target.value)}
      />
      <TextField
        label={t.to}
        type="datetime-local"
        step="1"
        value={to}
        onChange={(event) => setTo(event.target.value)}
      />
    </Dialog>
  )
}

/** As inputs of date and time take it: without a zone, in the reader's own. */
function localText(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - offsetMs).toISOString().slice(0, 19)
}
