import { Status } from '../../components/badge.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import type { Delivery } from './data.ts'
import { words } from './words.ts'

export function Deliveries({ deliveries, onClose }: { deliveries: readonly Delivery[]; onClose: () => void }) {
  const t = useWords(words)
  const format = useFormat()
  return (
    <Dialog title={t.testTitle} onClose={onClose}>
      {deliveries.length === 0 && <p>{t.testNone}</p>}
      <ul className="stack tight">
        {deliveries.map(({ route, ok, message, durationMs }) => (
          <li key={route}>
            <span className="row spread">
              <strong>{route}</strong>
              <span className="row">
                <span className="soft small number">{format.durationMs(durationMs)}</span>
                <Status tone={ok ? 'good' : 'bad'}>{ok ? t.delivered : t.failed}</Status>
              </span>
            </span>
            <p className="small soft">{message}</p>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
