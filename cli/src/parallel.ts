/** Requests at once when a list needs one call for each of its items. */
const PARALLEL_CALLS = 8

/** The results in the order of the items. */
export async function mapParallel<Item, Result>(
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += PARALLEL_CALLS) {
    results.push(...(await Promise.all(items.slice(start, start + PARALLEL_CALLS).map(call))))
  }
  return results
}
