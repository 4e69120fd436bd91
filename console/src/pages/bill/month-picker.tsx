import { IconButton } from '../../components/button.tsx'
import { useLanguage, useWords } from '../../i18n/language.ts'
import { recentMonths } from './bill-view.ts'
import { words } from './words.ts'

/** As long as it makes sense to look back. */
const MONTHS = 24

export function MonthPicker({
  month,
  nowMs,
  onChange,
}: {
  month: string
  nowMs: number
  onChange: (month: string) => void
}) {
  const t = useWords(words)
  const language = useLanguage()
  const months = recentMonths(nowMs, MONTHS)
  const choices = months.includes(month) ? months : [month, ...months]
  const name = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    year: 'numeric',
    month: 'long',
    timeZone: 'UTC',
  })
  const at = choices.indexOf(month)
  return (
    <div className="row">
      <IconButton
        icon="left"
        label={t.previous}
        disabled={at === choices.length - 1}
        onClick={() => onChange(choices[at + 1]!)}
      />
      <select
        className="bill-month"
        aria-label={t.month}
        value={month}
        onChange={({ target }) => onChange(target.value)}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {name.format(new Date(`${choice}-01T00:00:00Z`))}
          </option>
        ))}
      </select>
      <IconButton icon="right" label={t.next} disabled={at === 0} onClick={() => onChange(choices[at - 1]!)} />
    </div>
  )
}
