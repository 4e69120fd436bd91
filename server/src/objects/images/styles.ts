/** Named operations of a bucket. */
import { OssError, type Bucket } from '../port.ts'

export type Style = {
  name: string
  /** `image/…`, as `x-oss-process` takes it. */
  content: string
  createdMs: number
  modifiedMs: number
}

/** By name, as they lie in the bucket's settings under `style`. */
export function stylesOf(bucket: Bucket): Record<string, Style> {
  return (bucket.settings['style'] ?? {}) as Record<string, Style>
}

/** NoSuchStyle. */
export function styleOf(bucket: Bucket, name: string): Style {
  const styles = stylesOf(bucket)
  if (!Object.hasOwn(styles, name)) throw new OssError('NoSuchStyle', `The style '${name}' does not exist.`)
  return styles[name]!
}
