import type { MetricInfo } from '../../../../server/src/metrics/port.ts'
import { Field, TextField } from '../../components/field.tsx'
import { useFunctions } from '../../api/functions.ts'
import { useWords } from '../../i18n/language.ts'
import type { FormProps } from './rule-dialog.tsx'
import { scopeOf } from './rule-form.ts'
import { words } from './words.ts'

/** Which metric, and of what. */
export function MetricFields({ form, onChange, problemOf, metrics }: FormProps & { metrics: readonly MetricInfo[] }) {
  const t = useWords(words)
  const info = metrics.find(({ name }) => name === form.metric)
  const scope = scopeOf(info?.level)
  const functionKeys = useFunctions().data?.map(({ key }) => key) ?? []
  const services = [...new Set(functionKeys.filter((key) => key.includes('$')).map((key) => key.split('$')[0]!))]
  const levels = [
    ['function', t.levelFunction],
    ['region', t.levelRegion],
    ['service', t.levelService],
    ['instance', t.levelInstance],
  ] as const
  return (
    <div className="alerts-fields">
      <Field label={t.metric} help={info?.description} error={problemOf('metric')}>
        {(control) => (
          <select {...control} value={form.metric} onChange={({ target }) => onChange({ metric: target.value })}>
            <option value="">{t.chooseMetric}</option>
            {levels.map(([level, label]) => (
              <optgroup key={level} label={label}>
                {metrics
                  .filter((metric) => metric.level === level)
                  .map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
              </optgroup>
            ))}
          </select>
        )}
      </Field>
      {scope.includes('service') && (
        <TextField
          label={t.service}
          list="alerts-services"
          value={form.service}
          error={problemOf('service')}
          onChange={({ target }) => onChange({ service: target.value })}
        />
      )}
      {scope.includes('functionKey') && (
        <TextField
          label={t.function}
          list="alerts-functions"
          value={form.functionKey}
          error={problemOf('functionKey')}
          onChange={({ target }) => onChange({ functionKey: target.value })}
        />
      )}
      {scope.includes('instanceId') && (
        <TextField
          label={t.instance}
          value={form.instanceId}
          error={problemOf('instanceId')}
          onChange={({ target }) => onChange({ instanceId: target.value })}
        />
      )}
      <datalist id="alerts-functions">
        {functionKeys.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <datalist id="alerts-services">
        {services.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  )
}
