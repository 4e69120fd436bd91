/** Named operations on pictures. */
import { STYLES_PER_BUCKET_MAX } from '../../images/limits.ts'
import { parseProcess } from '../../images/parse.ts'
import { styleOf, stylesOf, type Style } from '../../images/styles.ts'
import { OssError } from '../../port.ts'
import { emptyAnswer, httpTime, xmlAnswer } from '../answers.ts'
import { invalidArgument } from '../parameters.ts'
import { childText, parseXml } from '../xml.ts'
import type { Exchange, Feature, WireContext } from '../exchange.ts'

const STYLE_BYTES_MAX = 64 * 1024
const FLAG = 'style'

const row = { level: 'bucket', access: 'owner' } as const
const named = { ...row, flags: [FLAG, 'styleName'] }

export const style: Feature = {
  operations: [
    { ...named, name: 'PutStyle', method: 'PUT', action: 'PutStyle', handle: putStyle },
    {
      ...named,
      name: 'GetStyle',
      method: 'GET',
      action: 'GetStyle',
      handle: (exchange) => xmlAnswer('Style', styleXml(styleOf(exchange.bucket, nameOf(exchange)))),
    },
    { ...named, name: 'DeleteStyle', method: 'DELETE', action: 'DeleteStyle', handle: deleteStyle },
    {
      ...row,
      flags: [FLAG],
      name: 'ListStyle',
      method: 'GET',
      action: 'ListStyle',
      handle: ({ bucket }) => xmlAnswer('StyleList', { Style: Object.values(stylesOf(bucket)).map(styleXml) }),
    },
  ],
}

/** Throws InvalidArgument. */
function nameOf({ query }: Exchange): string {
  const name = query.get('styleName') ?? ''
  // Throws for names that could not be asked for.
  parseProcess(`style/${name}`)
  return name
}

async function putStyle(exchange: Exchange, { store }: WireContext) {
  const { bucketName, body, receivedMs } = exchange
  const name = nameOf(exchange)
  const content = childText(parseXml(await body.text(STYLE_BYTES_MAX), 'Style'), 'Content')?.trim() ?? ''
  if (parseProcess(content).kind === 'style') throw invalidArgument('Content', content, 'operations: image/…')
  const styles = stylesOf(exchange.bucket)
  const existing = Object.hasOwn(styles, name) ? styles[name] : undefined
  if (existing === undefined && Object.keys(styles).length >= STYLES_PER_BUCKET_MAX) {
    throw new OssError('InvalidArgument', `a bucket has at most ${STYLES_PER_BUCKET_MAX} styles`)
  }
  const changed: Style = { name, content, createdMs: existing?.createdMs ?? receivedMs, modifiedMs: receivedMs }
  await store.changeBucket(bucketName, { settings: { [FLAG]: { ...styles, [name]: changed } } })
  return emptyAnswer(200)
}

async function deleteStyle(exchange: Exchange, { store }: WireContext) {
  const { [nameOf(exchange)]: _removed, ...rest } = stylesOf(exchange.bucket)
  await store.changeBucket(exchange.bucketName, { settings: { [FLAG]: rest } })
  return emptyAnswer(204)
}

function styleXml({ name, content, createdMs, modifiedMs }: Style) {
  return {
    Name: name,
    Content: content,
    CreateTime: httpTime(createdMs),
    LastModifyTime: httpTime(modifiedMs),
  }
}
