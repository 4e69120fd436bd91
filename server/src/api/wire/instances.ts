/** What the instance operations of both generations share. */
import { Type } from 'typebox'
import { FcError } from '../../errors.ts'
import { pageQuery } from './shapes.ts'

export const INSTANCES_MAX = 1000
const INSTANCE_LIMIT_DEFAULT = 100

export const instanceQuery = {
  qualifier: Type.String({ maxLength: 64 }),
  limit: Type.Integer({ minimum: 1, maximum: INSTANCES_MAX }),
  startKey: pageQuery.prefix,
}

export const limitOf = ({ limit }: { limit?: number }) => limit ?? INSTANCE_LIMIT_DEFAULT

/**
 * A list in a query: repeated (`ids=a&ids=b`), numbered (`ids.1=a`), or as JSON (`ids=["a"]`), as the clients of the
 * three versions write it. Undefined when there is none.
 */
export function listOf(query: Readonly<Record<string, unknown>>, name: string): string[] | undefined {
  const numbered = new RegExp(`^${name}(\\.\\d{1,4})?$`, 'i')
  const texts = Object.entries(query)
    .filter(([key]) => numbered.test(key))
    .flatMap(([, value]) => value)
    .filter((value): value is string => typeof value === 'string' && value !== '')
  if (texts.length === 0) return undefined
  return texts.flatMap((text) => (text.startsWith('[') ? readJson(text, name) : [text]))
}

function readJson(text: string, name: string): string[] {
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list
  } catch {
    // said below
  }
  throw new FcError('InvalidArgument', `${name} must be a list of texts`)
}

/** LATEST is version 0 where instances are listed. */
export const versionNumber = (versionId: string) => (versionId === 'LATEST' ? '0' : versionId)

/** The operation is an upgrade, which never comes here. */
export async function refuseWithoutUpgrade(): Promise<never> {
  throw new FcError(
    'InvalidArgument',
    'exec takes a WebSocket: send the headers Connection: Upgrade and Upgrade: websocket',
  )
}
