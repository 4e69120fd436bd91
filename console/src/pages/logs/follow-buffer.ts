/** What a live view holds: bounded, whatever comes in and however long nobody looks. */

export interface FollowBuffer<Item> {
  /** Oldest first. */
  items: readonly Item[]
  /** What came while the view was paused. */
  waiting: readonly Item[]
  isPaused: boolean
  /** Items that were never shown: dropped by the server for a slow reader, or beyond the bound while paused. */
  missed: number
}

export const FOLLOWED_MAX = 2000

export const emptyBuffer = <Item>(): FollowBuffer<Item> => ({ items: [], waiting: [], isPaused: false, missed: 0 })

/** The newest items push the oldest out. */
export function added<Item>(
  buffer: FollowBuffer<Item>,
  items: readonly Item[],
  itemsMax = FOLLOWED_MAX,
): FollowBuffer<Item> {
  if (!buffer.isPaused) return { ...buffer, items: [...buffer.items, ...items].slice(-itemsMax) }
  const waiting = [...buffer.waiting, ...items]
  const missed = buffer.missed + Math.max(0, waiting.length - itemsMax)
  return { ...buffer, waiting: waiting.slice(-itemsMax), missed }
}

export const dropped = <Item>(buffer: FollowBuffer<Item>, count: number): FollowBuffer<Item> => ({
  ...buffer,
  missed: buffer.missed + count,
})

export const paused = <Item>(buffer: FollowBuffer<Item>): FollowBuffer<Item> => ({ ...buffer, isPaused: true })

export function resumed<Item>(buffer: FollowBuffer<Item>, itemsMax = FOLLOWED_MAX): FollowBuffer<Item> {
  const items = [...buffer.items, ...buffer.waiting].slice(-itemsMax)
  return { ...buffer, items, waiting: [], isPaused: false }
}
