/** Where the bars of a trace stand. */

export interface Span {
  spanId: string
  parentSpanId?: string | null
  name: string
  startMs: number
  durationMs: number
  attributes?: Record<string, unknown>
}

export interface SpanBar {
  span: Span
  depth: number
  /** Of the whole, 0 to 1. */
  offset: number
  width: number
}

/** Parents before their children, and those by their start; a span whose parent is elsewhere is a root. */
export function spanBars(spans: readonly Span[]): SpanBar[] {
  const startMs = Math.min(...spans.map((span) => span.startMs))
  const wholeMs = Math.max(...spans.map((span) => span.startMs + span.durationMs)) - startMs || 1
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const childrenOf = Map.groupBy(spans, ({ parentSpanId }) =>
    parentSpanId && ids.has(parentSpanId) ? parentSpanId : '',
  )
  const place = (parent: string, depth: number): SpanBar[] =>
    (childrenOf.get(parent) ?? [])
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [
        { span, depth, offset: (span.startMs - startMs) / wholeMs, width: span.durationMs / wholeMs },
        ...place(span.spanId, depth + 1),
      ])
  return place('', 0)
}
