import { useParams, useSearchParams } from 'wouter'
import { BucketList } from './bucket-list.tsx'
import { BucketView } from './bucket-view.tsx'
import './objects.css'

export default function Objects() {
  const { bucket } = useParams<{ bucket?: string }>()
  const [search] = useSearchParams()
  if (bucket === undefined) return <BucketList />
  const prefix = search.get('prefix') ?? ''
  // Another folder is another list, with nothing chosen.
  return <BucketView key={`${bucket}/${prefix}`} bucket={bucket} prefix={prefix} />
}
