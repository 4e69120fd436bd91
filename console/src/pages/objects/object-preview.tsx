import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ApiError } from '../../api/errors.ts'
import { QueryView } from '../../components/states.tsx'
import { TextBlock } from '../../components/text-block.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { type ObjectFacts, readObject } from './oss-client.ts'
import { decodeText, imageTypeOf, PREVIEW_IMAGE_BYTES_MAX, PREVIEW_TEXT_BYTES_MAX, previewOf } from './previews.ts'
import { words } from './words.ts'

interface Props {
  bucket: string
  objectKey: string
  facts: ObjectFacts
}

/** A picture, or the beginning of a text; nothing of a bucket is ever a page here. */
export function ObjectPreview({ bucket, objectKey, facts: { contentType, sizeBytes } }: Props) {
  const t = useWords(words)
  const kind = sizeBytes === 0 ? 'none' : previewOf(contentType, objectKey)
  const isTooLarge = kind === 'image' && sizeBytes > PREVIEW_IMAGE_BYTES_MAX
  const bytesMax = kind === 'image' ? PREVIEW_IMAGE_BYTES_MAX : PREVIEW_TEXT_BYTES_MAX
  const bytes = useQuery<Uint8Array<ArrayBuffer>, ApiError>({
    queryKey: ['object bytes', bucket, objectKey],
    queryFn: ({ signal }) => readObject(bucket, objectKey, bytesMax, signal),
    enabled: kind !== 'none' && !isTooLarge,
    gcTime: 0,
  })
  if (isTooLarge) return <p className="soft">{t.tooLarge}</p>
  if (kind === 'none') return <p className="soft">{t.noPreview}</p>
  return (
    <QueryView query={bytes}>
      {(read) => (kind === 'image' ? <Picture bytes={read} /> : <Text bytes={read} sizeBytes={sizeBytes} />)}
    </QueryView>
  )
}

function Picture({ bytes }: { bytes: Uint8Array<ArrayBuffer> }) {
  const t = useWords(words)
  const type = imageTypeOf(bytes)
  const [address, setAddress] = useState('')
  useEffect(() => {
    if (type === null) return undefined
    const made = URL.createObjectURL(new Blob([bytes], { type }))
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [bytes, type])
  if (type === null) return <p className="soft">{t.notText}</p>
  return address === '' ? null : <img className="objects-picture" src={address} alt={t.preview} />
}

function Text({ bytes, sizeBytes }: { bytes: Uint8Array; sizeBytes: number }) {
  const t = useWords(words)
  const format = useFormat()
  const text = decodeText(bytes)
  if (text === null) return <p className="soft">{t.notText}</p>
  return (
    <div>
      {sizeBytes > bytes.length && <p className="small soft">{t.beginning(format.bytes(bytes.length))}</p>}
      <TextBlock label={t.preview} text={text} />
    </div>
  )
}
