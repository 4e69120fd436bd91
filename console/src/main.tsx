import './design/tokens.css'
import './design/base.css'
import './design/layout.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applyTheme } from './design/theme.ts'
import { applyLanguage } from './i18n/language.ts'
import { preloadPage } from './pages.ts'
import { restoreSession } from './session/requests.ts'

applyTheme()
applyLanguage()
void restoreSession()
preloadPage(location.pathname.slice('/console'.length))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
