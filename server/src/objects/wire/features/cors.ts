/** Cross-origin requests of browsers. */
import { OssError } from '../../port.ts'
import { emptyAnswer } from '../answers.ts'
import { corsHeaders, corsXml, readCors, type CorsConfiguration } from './cors-rules.ts'
import { settingOf, settingOperations, type Setting } from './setting.ts'
import type { Answer, Exchange, Feature, HeaderFacts, Operation } from '../exchange.ts'

const setting: Setting<CorsConfiguration> = {
  flag: 'cors',
  operation: 'BucketCors',
  root: 'CORSConfiguration',
  read: readCors,
  write: corsXml,
  unset: {
    error: () => new OssError('NoSuchCORSConfiguration', 'The CORS Configuration does not exist.'),
  },
}

/** A preflight is nobody's in particular, and tells only what the rules say. */
const preflightRow = { name: 'OptionObject', method: 'OPTIONS', action: 'OptionObject', access: 'handler' } as const
const preflights: Operation[] = (['bucket', 'object'] as const).map((level) => ({
  ...preflightRow,
  level,
  handle: answerPreflight,
}))

export const cors: Feature = { operations: [...settingOperations(setting), ...preflights], headers: headersOf }

function answerPreflight({ bucket, headers }: Exchange): Answer {
  const origin = headers.origin
  const method = headers['access-control-request-method']
  if (origin === undefined || method === undefined) {
    throw new OssError(
      'BadRequest',
      'Insufficient information. Origin and Access-Control-Request-Method request headers are needed.',
    )
  }
  const asked = headers['access-control-request-headers'] ?? ''
  const names = asked.split(',').map((name) => name.trim())
  const configuration = settingOf(bucket, setting)
  const request = { origin, method, headers: names.filter((name) => name !== '') }
  const allowed = configuration === undefined ? null : corsHeaders(configuration, request)
  if (allowed !== null) return emptyAnswer(200, allowed)
  throw new OssError('AccessDenied', 'CORSResponse: This CORS request is not allowed.')
}

function headersOf({ method, headers, bucket }: HeaderFacts): Record<string, string> {
  const configuration = bucket && settingOf(bucket, setting)
  if (configuration === undefined || method === 'OPTIONS') return {}
  const allowed =
    headers.origin === undefined ? null : corsHeaders(configuration, { origin: headers.origin, method, headers: [] })
  return allowed ?? (configuration.varies ? { vary: 'Origin' } : {})
}
