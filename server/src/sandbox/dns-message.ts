/** What a DNS message says, as far as the forwarder has to know; and the answers that it gives itself. */
import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, type Question, type StringAnswer } from 'dns-packet'

/** The platform, as sandboxes know it; names below it are for buckets and the like. */
export const PLATFORM_NAME = 'sluice.internal'

/** A question with its EDNS options, padding included, stays far below (RFC 8467 pads to 128). */
export const QUERY_BYTES_MAX = 1232
export const MESSAGE_BYTES_MAX = 65_535

const HEADER_BYTES = 12
const LABEL_BYTES_MAX = 63
/** Behind the name: type and class. */
const QUESTION_TAIL_BYTES = 4
/** EDNS, and a signature of the message (TSIG or SIG(0)). */
const ADDITIONALS_MAX = 2
const RESPONSE = 0x8000
const OPCODE = 0x7800
const TRUNCATED = 0x0200
const SERVFAIL = 2
/** The address never changes while a sandbox lives. */
const PLATFORM_TTL_SECONDS = 60

export interface Query {
  message: Buffer
  question: Question
  /** Where the question ends. */
  questionEnd: number
}

/** Undefined for what is no ordinary question of one name, and for what is longer or broken. */
export function readQuery(message: Buffer): Query | undefined {
  if (message.length < HEADER_BYTES || message.length > QUERY_BYTES_MAX) return undefined
  if ((message.readUInt16BE(2) & (RESPONSE | OPCODE)) !== 0) return undefined
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset))
  if (questions !== 1 || answers !== 0 || authorities !== 0 || additionals! > ADDITIONALS_MAX) return undefined
  const questionEnd = endOfQuestion(message)
  if (questionEnd === undefined) return undefined
  try {
    const question = decode(message).questions?.[0]
    return question && { message, question, questionEnd }
  } catch {
    return undefined
  }
}

/** The first name of a message has nothing before it to point to, so a pointer in it is wrong. */
function endOfQuestion(message: Buffer): number | undefined {
  let offset = HEADER_BYTES
  for (let length = message[offset]; length !== 0; length = message[offset]) {
    if (length === undefined || length > LABEL_BYTES_MAX) return undefined
    offset += 1 + length
  }
  const end = offset + 1 + QUESTION_TAIL_BYTES
  return end <= message.length ? end : undefined
}

/** The answer to a question about the platform's own names; undefined for all others. */
export function answerForPlatform(query: Query, address: string): Buffer | undefined {
  const { name, type, class: space } = query.question
  const asked = name.toLowerCase()
  if (space !== 'IN' || (asked !== PLATFORM_NAME && !asked.endsWith(`.${PLATFORM_NAME}`))) return undefined
  const isAddress = type === 'A' || (type as string) === 'ANY'
  return respond(query, 0, isAddress ? [{ type: 'A', name, ttl: PLATFORM_TTL_SECONDS, data: address }] : [])
}

export function serverFailure(query: Query): Buffer {
  return respond(query, SERVFAIL, [])
}

function respond({ message, question }: Query, code: number, answers: StringAnswer[]): Buffer {
  const wanted = message.readUInt16BE(2) & RECURSION_DESIRED
  const flags = RECURSION_AVAILABLE | wanted | code
  return encode({ type: 'response', id: message.readUInt16BE(0), flags, questions: [question], answers })
}

/** A copy that bears another id. */
export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(id, 0)
  return copy
}

/** Whether a message is the response to this query, sent with this id. */
export function isResponse(message: Buffer, query: Query, id: number): boolean {
  if (message.length < query.questionEnd || message.readUInt16BE(0) !== id) return false
  if ((message.readUInt16BE(2) & RESPONSE) === 0 || message.readUInt16BE(4) !== 1) return false
  return message
    .subarray(HEADER_BYTES, query.questionEnd)
    .equals(query.message.subarray(HEADER_BYTES, query.questionEnd))
}

/** Only header and question, marked as cut: whoever asked asks again over TCP. */
export function truncated(response: Buffer, { questionEnd }: Query): Buffer {
  const cut = Buffer.from(response.subarray(0, questionEnd))
  cut.writeUInt16BE(cut.readUInt16BE(2) | TRUNCATED, 2)
  cut.fill(0, 6, HEADER_BYTES)
  return cut
}
