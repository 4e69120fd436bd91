import { useRoute } from 'wouter'
import { RequestPage } from './request-page.tsx'
import { SearchPage } from './search-page.tsx'

export default function Logs() {
  const [isRequest] = useRoute('/logs/requests/:requestId')
  return isRequest ? <RequestPage /> : <SearchPage />
}
