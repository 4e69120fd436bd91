/** How long to wait after the nth failure in a row, in ms: doubling from `firstMs`, at most `maxMs`. */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  return failures <= 0 ? 0 : Math.min(maxMs, firstMs * 2 ** (failures - 1))
}
