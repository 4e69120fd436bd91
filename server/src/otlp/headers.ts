/** `key=value,key=value`, values percent-encoded where they must be, as `OTEL_EXPORTER_OTLP_HEADERS` has them. */
export function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]]
  })
  return Object.fromEntries(pairs)
}

function decoded(value: string): string {
  try {
    // oxlint-disable-next-line no-control-regex -- no header may hold them
    return decodeURIComponent(value).replaceAll(/[^\x20-\x7e]/g, '')
  } catch {
    return value
  }
}
