import { SelectField, TextField } from '../../components/field.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import type { FormProps } from './rule-dialog.tsx'
import type { RuleForm } from './rule-form.ts'
import { words } from './words.ts'

const WINDOWS_SECONDS = [10, 30, 60, 300, 900, 3600, 21_600, 86_400]
const REPEATS_SECONDS = [0, 300, 900, 3600, 21_600, 86_400]

/** When a rule fires, and how often it is told. */
export function ConditionFields({
  form,
  onChange,
  problemOf,
  unit,
  isBudget,
}: FormProps & { unit: string | undefined; isBudget: boolean }) {
  const t = useWords(words)
  const format = useFormat()
  const time = (seconds: number) => format.durationMs(seconds * 1000)
  const text = (member: 'threshold' | 'deviations' | 'days' | 'forSeconds', label: string, help?: string) => (
    <TextField
      label={label}
      help={help}
      inputMode="decimal"
      value={form[member]}
      error={problemOf(member)}
      onChange={({ target }) => onChange({ [member]: target.value })}
    />
  )
  const choices = (seconds: readonly number[], chosen: string, label: (seconds: number) => string) =>
    [...new Set([...seconds, Number(chosen)])]
      .toSorted((a, b) => a - b)
      .map((value) => ({ value: String(value), label: label(value) }))
  if (isBudget) return text('threshold', t.budgetAmount)
  return (
    <div className="alerts-fields">
      <SelectField
        label={t.kind}
        value={form.kind}
        options={[
          { value: 'threshold', label: t.kindThreshold },
          { value: 'anomaly', label: t.kindAnomaly },
          { value: 'noData', label: t.kindNoData },
        ]}
        onChange={({ target }) => onChange({ kind: target.value as RuleForm['kind'] })}
      />
      {form.kind === 'threshold' && (
        <>
          <SelectField
            label={t.comparison}
            value={form.comparison}
            options={(['>', '>=', '<', '<='] as const).map((value) => ({ value, label: value }))}
            onChange={({ target }) => onChange({ comparison: target.value as RuleForm['comparison'] })}
          />
          {text('threshold', unit === undefined ? t.threshold : `${t.threshold} (${unit})`)}
        </>
      )}
      {form.kind === 'anomaly' && (
        <>
          {text('deviations', t.deviations)}
          {text('days', t.days)}
          <SelectField
            label={t.direction}
            value={form.direction}
            options={(['above', 'below', 'both'] as const).map((value) => ({ value, label: t[value] }))}
            onChange={({ target }) => onChange({ direction: target.value as RuleForm['direction'] })}
          />
        </>
      )}
      <SelectField
        label={t.window}
        value={form.windowSeconds}
        options={choices(WINDOWS_SECONDS, form.windowSeconds, time)}
        onChange={({ target }) => onChange({ windowSeconds: target.value })}
      />
      {text('forSeconds', t.for, t.forHelp)}
      <SelectField
        label={t.repeat}
        value={form.repeatSeconds}
        options={choices(REPEATS_SECONDS, form.repeatSeconds, (seconds) =>
          seconds === 0 ? t.never : t.every(time(seconds)),
        )}
        onChange={({ target }) => onChange({ repeatSeconds: target.value })}
      />
      {form.kind !== 'noData' && (
        <SelectField
          label={t.onNoData}
          value={form.onNoData}
          options={[
            { value: 'ok', label: t.noDataOk },
            { value: 'keep', label: t.noDataKeep },
            { value: 'fire', label: t.noDataFire },
          ]}
          onChange={({ target }) => onChange({ onNoData: target.value as RuleForm['onNoData'] })}
        />
      )}
    </div>
  )
}
