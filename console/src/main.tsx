import './design/tokens.css'
import './design/base.css'
import './design/layout.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applyTheme } from './design/theme.ts'
import { applyLanguage } from './i18n/language.ts'
import { preloadPage } from './pages.ts'
import { enter, restoreSession } from './session/requests.ts'
import { takeTicket } from './session/ticket.ts'

const ticket = takeTicket()
applyTheme()
applyLanguage()
void (ticket === null ? restoreSession() : enter(ticket))
// A link that is opened over the page itself loads nothing anew.
addEventListener('hashchange', () => {
  const another = takeTicket()
  if (another !== null) void enter(another)
})
preloadPage(location.pathname.slice('/console'.length))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
