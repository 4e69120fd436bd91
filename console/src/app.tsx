import { QueryClientProvider } from '@tanstack/react-query'
import { Suspense } from 'react'
import { Route, Router, Switch } from 'wouter'
import { createQueryClient } from './api/use-api.ts'
import { Skeleton } from './components/states.tsx'
import { Toasts } from './components/toast.tsx'
import { pages } from './pages.ts'
import { SessionGate } from './session/session-gate.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { NotFound } from './shell/not-found.tsx'
import { Shell } from './shell/shell.tsx'

const queryClient = createQueryClient()

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Router base="/console">
        <SessionGate>
          <Shell>
            <ErrorBoundary>
              <Suspense fallback={<Skeleton lines={6} />}>
                <Switch>
                  {pages.flatMap(({ name, paths, component }) =>
                    paths.map((path) => <Route key={`${name} ${path}`} path={path} component={component} />),
                  )}
                  <Route component={NotFound} />
                </Switch>
              </Suspense>
            </ErrorBoundary>
          </Shell>
        </SessionGate>
        <Toasts />
      </Router>
    </QueryClientProvider>
  )
}
