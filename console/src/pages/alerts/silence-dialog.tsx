import { useState } from 'react'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { useSaveSilence } from './data.ts'
import { words } from './words.ts'

const HOUR_MS = 3_600_000
const LENGTHS_MS = [HOUR_MS / 2, HOUR_MS, 2 * HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS]

/** Keeps rules quiet from now on. `rule`: their names, in which `*` stands for any text. */
export function SilenceDialog({ rule: initial, onClose }: { rule: string; onClose: () => void }) {
  const t = useWords(words)
  const format = useFormat()
  const [rule, setRule] = useState(initial)
  const [lengthMs, setLength] = useState(HOUR_MS)
  const [reason, setReason] = useState('')
  const save = useSaveSilence()
  const submit = () =>
    save.mutate(
      { rule, toMs: Date.now() + lengthMs, reason },
      {
        onSuccess: () => {
          toast(t.saved)
          onClose()
        },
      },
    )
  const actions = (
    <>
      <Button onClick={onClose}>{t.cancel}</Button>
      <Button type="submit" kind="primary" busy={save.isPending}>
        {t.silence}
      </Button>
    </>
  )
  return (
    <Dialog title={t.newSilence} onClose={onClose} onSubmit={submit} actions={actions}>
      <TextField
        label={t.silenceRule}
        help={t.silenceRuleHelp}
        value={rule}
        onChange={({ target }) => setRule(target.value)}
      />
      <SelectField
        label={t.silenceFor}
        value={String(lengthMs)}
        options={LENGTHS_MS.map((ms) => ({ value: String(ms), label: format.durationMs(ms) }))}
        onChange={({ target }) => setLength(Number(target.value))}
      />
      <TextField label={t.reason} value={reason} onChange={({ target }) => setReason(target.value)} />
      {save.error && <ErrorNotice error={save.error} />}
    </Dialog>
  )
}
