/** The two versions of the 2.0 wire, and what every part of it needs. */
import { Type } from 'typebox'
import { pageQuery, shape, text } from '../shapes.ts'

export type Fc2Version = '2016-08-15' | '2021-04-06'

export const pages = { ...pageQuery, startKey: Type.String({ maxLength: 256 }) }
export const qualifierQuery = shape({ qualifier: text })

/** `svc`, `svc.alias`, or `svc` with `?qualifier=alias`: no name holds a dot. */
export function target(
  path: string,
  query: { qualifier?: string },
): { service: string; qualifier: string | undefined } {
  const dot = path.indexOf('.')
  return dot < 0
    ? { service: path, qualifier: query.qualifier }
    : { service: path.slice(0, dot), qualifier: path.slice(dot + 1) }
}
