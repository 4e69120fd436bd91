/** RPC of the cloud's older services: parameters in query or form, signed by HMAC-SHA1 with a parameter of their own. */
import { createHmac } from 'node:crypto'
import { byCodeUnit, percentEncode } from './request-target.ts'

export const RPC_SIGNATURE = 'Signature'

export function rpcSignature(method: string, parameters: ReadonlyMap<string, string>, secret: string): string {
  const pairs = [...parameters]
    .filter(([name]) => name !== RPC_SIGNATURE)
    .toSorted(([a], [b]) => byCodeUnit(a, b))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
  const stringToSign = `${method}&${percentEncode('/')}&${percentEncode(pairs.join('&'))}`
  return createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64')
}
