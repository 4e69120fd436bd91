/** Routes that read configurations which this version does not offer to set: there are none, and reading says so. */
import type { FunctionKey, JsonObject } from '../../model.ts'
import type { Context } from '../operations/context.ts'
import { findQualifiedFunction } from '../operations/find.ts'
import { refuseUnsetConfig } from '../operations/unset-configs.ts'
import type { Route } from '../route.ts'
import { route } from '../route.ts'
import { pageQuery, shape, text } from './shapes.ts'

interface Wire<Params> {
  /** Path of a function. */
  functionPath: string
  /** Which function, in which version, a request names. */
  target: (params: Params, query: { qualifier?: string }) => { key: FunctionKey; qualifier: string | undefined }
}

export function unsetConfigs<Params>(context: Context, { functionPath, target }: Wire<Params>) {
  const find = (params: unknown, query: { qualifier?: string }) => {
    const { key, qualifier } = target(params as Params, query)
    return findQualifiedFunction(context, key, qualifier)
  }
  return {
    /** One configuration of a function. */
    get: (operation: string, name: string): Route =>
      route({
        operation,
        method: 'GET',
        path: `${functionPath}/${name}`,
        query: shape({ qualifier: text }),
        handle: async ({ params, query }) => refuseUnsetConfig(await find(params, query)),
      }),
    /** What a function has. */
    listOfFunction: (operation: string, name: string, none: JsonObject): Route =>
      route({
        operation,
        method: 'GET',
        path: `${functionPath}/${name}`,
        query: shape(pageQuery),
        async handle({ params }) {
          await find(params, {})
          return { body: none }
        },
      }),
    /** What the account has. */
    list: (operation: string, path: string, none: JsonObject): Route =>
      route({ operation, method: 'GET', path, query: shape(pageQuery), handle: async () => ({ body: none }) }),
  }
}

/** The list of asynchronous configurations says by an empty token that it ends; all others leave the token out. */
export const NO_ASYNC_CONFIGS = { configs: [], nextToken: '' }
