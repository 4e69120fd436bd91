import { Badge } from '../../../components/badge.tsx'
import { useWords } from '../../../i18n/language.ts'
import { AddressLine } from './address-line.tsx'
import { httpAddressesOf } from './http-addresses.ts'
import { useTriggers } from './use-triggers.ts'
import { words } from './words.ts'

/** Where a function answers HTTP requests; nothing when it has no trigger for them. */
export function AddressList({ functionKey }: { functionKey: string }) {
  const t = useWords(words)
  const { data = [] } = useTriggers(functionKey)
  const addresses = httpAddressesOf(data)
  if (addresses.length === 0) return null
  return (
    <div className="row trigger-reached">
      <span className="soft small">{t.httpAddress}</span>
      <ul className="trigger-addresses">
        {addresses.map(({ url, qualifier }) => (
          <li key={url} className="row">
            {qualifier !== '' && <Badge>{qualifier}</Badge>}
            <AddressLine url={url} />
          </li>
        ))}
      </ul>
    </div>
  )
}
