import { useState } from 'react'
import type { Bill } from '../../../../server/src/meter/port.ts'
import { apiFetch } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { saveFile } from '../../components/save-file.ts'
import { toastError } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { words } from './words.ts'

interface Props {
  asked: { month: string; by: string; tag: string }
  bill: Bill | undefined
}

/** The bill as files, as the API gives it. */
export function ExportButtons({ asked, bill }: Props) {
  const t = useWords(words)
  const [isBusy, setBusy] = useState(false)
  const saveCsv = async () => {
    setBusy(true)
    try {
      const response = await apiFetch('/sluice/v1/bill', { query: { ...asked, format: 'csv' } })
      saveFile(`bill-${asked.month}.csv`, 'text/csv', await response.text())
    } catch (error) {
      toastError(error as Error)
    }
    setBusy(false)
  }
  return (
    <div className="row">
      <Button icon="download" busy={isBusy} onClick={() => void saveCsv()}>
        {t.csv}
      </Button>
      <Button
        icon="download"
        disabled={bill === undefined}
        onClick={() =>
          saveFile(`bill-${asked.month}.json`, 'application/json', `${JSON.stringify(bill, undefined, 2)}\n`)
        }
      >
        {t.json}
      </Button>
    </div>
  )
}
