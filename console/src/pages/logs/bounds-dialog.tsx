/** How long, and how much of, a function's log is kept. */
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { useApi, useChange } from '../../api/use-api.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { ErrorNotice, QueryView } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { words } from './words.ts'

interface Bounds {
  retentionDays: number
  maxMB: number
  /** They are those of the settings. */
  isDefault: boolean
}

const PATH = '/sluice/v1/logs/bounds'

export function BoundsDialog({ functionKey, onClose }: { functionKey: string; onClose: () => void }) {
  const t = useWords(words)
  const bounds = useApi<Bounds>(PATH, { function: functionKey }, { staleTime: 0 })
  return (
    <QueryView query={bounds}>
      {(data) => (
        <BoundsForm functionKey={functionKey} bounds={data} title={t.boundsOf(functionKey)} onClose={onClose} />
      )}
    </QueryView>
  )
}

interface FormProps {
  functionKey: string
  bounds: Bounds
  title: string
  onClose: () => void
}

function BoundsForm({ functionKey, bounds, title, onClose }: FormProps) {
  const t = useWords(words)
  const [days, setDays] = useState(String(bounds.retentionDays))
  const [megabytes, setMegabytes] = useState(String(bounds.maxMB))
  const query = { function: functionKey }
  const change = useChange<{ retentionDays: number; maxMB: number } | null>(
    (wanted) => api(PATH, wanted === null ? { method: 'DELETE', query } : { method: 'PUT', query, json: wanted }),
    [PATH],
  )
  const send = (wanted: { retentionDays: number; maxMB: number } | null) =>
    change.mutate(wanted, {
      onSuccess: () => {
        toast(t.boundsSaved)
        onClose()
      },
    })
  const actions = (
    <>
      {!bounds.isDefault && <Button onClick={() => send(null)}>{t.boundsDefault}</Button>}
      <Button type="submit" kind="primary" busy={change.isPending}>
        {t.boundsSave}
      </Button>
    </>
  )
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={() => send({ retentionDays: Number(days), maxMB: Number(megabytes) })}
      actions={actions}
    >
      <p className="soft">{t.boundsText}</p>
      <TextField
        label={t.retentionDays}
        inputMode="numeric"
        value={days}
        onChange={({ target }) => setDays(target.value)}
      />
      <TextField
        label={t.maxMegabytes}
        inputMode="numeric"
        value={megabytes}
        onChange={({ target }) => setMegabytes(target.value)}
      />
      {change.error && <ErrorNotice error={change.error} />}
    </Dialog>
  )
}
