import { SelectField } from '../../components/field.tsx'
import { setTheme, type Theme, useTheme } from '../../design/theme.ts'
import { setLanguage, useLanguage, useWords } from '../../i18n/language.ts'
import type { Language } from '../../i18n/words.ts'
import { words } from './words.ts'

export function Appearance() {
  const t = useWords(words)
  const language = useLanguage()
  const theme = useTheme()
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t.appearance}</h2>
      </div>
      <div className="settings-fields">
        <SelectField
          label={t.language}
          value={language}
          options={[
            { value: 'en', label: 'English' },
            { value: 'zh', label: '中文' },
          ]}
          onChange={({ target }) => setLanguage(target.value as Language)}
        />
        <SelectField
          label={t.theme}
          value={theme}
          options={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: t[value] }))}
          onChange={({ target }) => setTheme(target.value as Theme)}
        />
      </div>
    </section>
  )
}
