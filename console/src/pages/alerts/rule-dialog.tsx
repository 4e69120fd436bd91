/** Makes a rule or changes one, beside a picture of how its metric has been. */
import { useEffect, useState } from 'react'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { CheckField, SelectField, TextField } from '../../components/field.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { ConditionFields } from './condition-fields.tsx'
import { useMetrics, useRoutes, useSaveRule } from './data.ts'
import { MetricFields } from './metric-fields.tsx'
import { BUDGET_METRIC, type RuleForm, ruleOf, type RuleProblems } from './rule-form.ts'
import { RulePreview } from './rule-preview.tsx'
import { words } from './words.ts'

interface Props {
  initial: RuleForm
  /** Name of the rule that is changed; undefined: a new one. */
  before: string | undefined
  onClose: () => void
}

export interface FormProps {
  form: RuleForm
  onChange: (change: Partial<RuleForm>) => void
  /** What is wrong with an input, in words. */
  problemOf: (member: keyof RuleForm) => string | undefined
}

export function RuleDialog({ initial, before, onClose }: Props) {
  const t = useWords(words)
  const [form, setForm] = useState(initial)
  const [problems, setProblems] = useState<RuleProblems>({})
  const [refused, setRefused] = useState(0)
  const metrics = useMetrics().data?.metrics ?? []
  const save = useSaveRule(before)
  const info = metrics.find(({ name }) => name === form.metric)
  const isBudget = before === undefined && initial.metric === BUDGET_METRIC
  // Whoever sends the form is led to the first input that is wrong.
  useEffect(() => {
    if (refused > 0) document.querySelector<HTMLElement>('dialog [aria-invalid="true"]')?.focus()
  }, [refused])
  const change = (changed: Partial<RuleForm>) => {
    setForm({ ...form, ...changed })
    setProblems(Object.fromEntries(Object.entries(problems).filter(([member]) => !(member in changed))))
  }
  const problemOf = (member: keyof RuleForm) => {
    const problem = problems[member]
    return problem === undefined ? undefined : t[problem]
  }
  const submit = () => {
    const read = ruleOf(form, info?.level)
    if ('problems' in read) {
      setProblems(read.problems)
      return setRefused(refused + 1)
    }
    save.mutate(read.rule, {
      onSuccess: () => {
        toast(t.saved)
        onClose()
      },
    })
  }
  const fields = { form, onChange: change, problemOf }
  const actions = (
    <>
      <Button onClick={onClose}>{t.cancel}</Button>
      <Button type="submit" kind="primary" busy={save.isPending}>
        {before === undefined ? t.create : t.save}
      </Button>
    </>
  )
  return (
    <Dialog
      wide
      title={before !== undefined ? t.editRule(before) : isBudget ? t.budget : t.newRule}
      onClose={onClose}
      onSubmit={submit}
      actions={actions}
    >
      {isBudget && <p className="soft">{t.budgetText}</p>}
      {!isBudget && <MetricFields {...fields} metrics={metrics} />}
      <RulePreview form={form} info={info} />
      <ConditionFields {...fields} unit={info?.unit} isBudget={isBudget} />
      <RouteChoice {...fields} />
      <div className="alerts-fields">
        <TextField
          label={t.name}
          help={t.nameHelp}
          error={problemOf('name')}
          value={form.name}
          disabled={before !== undefined}
          onChange={({ target }) => change({ name: target.value })}
        />
        <SelectField
          label={t.severity}
          value={form.severity}
          options={(['critical', 'warning', 'info'] as const).map((value) => ({ value, label: t[value] }))}
          onChange={({ target }) => change({ severity: target.value as RuleForm['severity'] })}
        />
      </div>
      <TextField
        label={t.description}
        value={form.description}
        onChange={({ target }) => change({ description: target.value })}
      />
      <CheckField
        label={t.enabled}
        checked={form.enabled}
        onChange={({ target }) => change({ enabled: target.checked })}
      />
      {save.error && <ErrorNotice error={save.error} />}
    </Dialog>
  )
}

function RouteChoice({ form, onChange }: FormProps) {
  const t = useWords(words)
  const routes = useRoutes().data?.routes
  return (
    <fieldset>
      <legend>{t.tells}</legend>
      {routes?.length === 0 && <p className="help">{t.noRoutes}</p>}
      <div className="row alerts-routes">
        {routes?.map(({ name }) => (
          <CheckField
            key={name}
            label={name}
            checked={form.routes.includes(name)}
            onChange={({ target }) =>
              onChange({
                routes: target.checked ? [...form.routes, name] : form.routes.filter((other) => other !== name),
              })
            }
          />
        ))}
      </div>
    </fieldset>
  )
}
