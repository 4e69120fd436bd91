/** Credentials for roles, at the address of the objects: the cloud's Security Token Service. */
import { OssError } from '../../port.ts'
import { readTarget, type Query } from '../target.ts'
import type { SecurityTokenService } from '../../../auth/port.ts'
import type { Answer, Exchange, Feature } from '../exchange.ts'

/** A policy of 2048 characters, each of which may take nine in a form, and the rest. */
const FORM_BYTES_MAX = 32 * 1024

/** The form of a client of that service, or its query, carries a signature of its own. */
export function stsFeature(service: SecurityTokenService): Feature {
  const row = { name: 'AssumeRole', level: 'service', action: 'AssumeRole', access: 'handler' } as const
  const answerForm = async (exchange: Exchange) => {
    try {
      return answer(service, exchange, await readForm(exchange))
    } catch (error) {
      if (error instanceof OssError) return refusal(error, exchange)
      throw error
    }
  }
  return {
    operations: [
      { ...row, method: 'POST', handle: answerForm },
      { ...row, method: 'GET', flags: ['Action'], handle: (exchange) => answer(service, exchange, exchange.query) },
    ],
  }
}

async function readForm({ body, query }: Exchange): Promise<Query> {
  const form = await body.text(FORM_BYTES_MAX)
  const { query: fields } = readTarget(`/?${form}`)
  const repeated = fields.keys().find((name) => query.has(name))
  if (repeated === undefined) return new Map([...query, ...fields])
  throw new OssError('InvalidArgument', `The parameter ${repeated} is in the query and in the form.`)
}

function answer(service: SecurityTokenService, exchange: Exchange, parameters: Query): Answer {
  const { method, requestId, headers } = exchange
  const { status, body } = service.answer(method, parameters, requestId, headers.host ?? '')
  return jsonAnswer(status, body)
}

function refusal({ code, message, status }: OssError, { requestId, headers }: Exchange): Answer {
  return jsonAnswer(status, { Code: code, Message: message, RequestId: requestId, HostId: headers.host ?? '' })
}

function jsonAnswer(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
