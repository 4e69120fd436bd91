import { lazy } from 'react'
import { Route, Switch } from 'wouter'
import { FunctionList } from './list.tsx'

const CreateFunction = lazy(() => import('./create.tsx'))
const FunctionPage = lazy(() => import('./function-page.tsx'))

export default function Functions() {
  return (
    <Switch>
      <Route path="/functions" component={FunctionList} />
      <Route path="/create-function" component={CreateFunction} />
      <Route path="/functions/:key/:tab?">
        {({ key, tab }) => <FunctionPage key={key} functionKey={decodeURIComponent(key)} tab={tab ?? 'code'} />}
      </Route>
    </Switch>
  )
}
