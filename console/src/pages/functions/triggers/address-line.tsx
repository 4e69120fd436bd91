import './triggers.css'
import { CopyButton } from '../../../components/code-block.tsx'

/** The address of an HTTP trigger, to be opened and copied. */
export function AddressLine({ url }: { url: string }) {
  return (
    <span className="trigger-address">
      <a href={url} target="_blank" rel="noreferrer">
        {url}
      </a>
      <CopyButton text={url} />
    </span>
  )
}
