/** Money without rounding surprises: prices and amounts are whole numbers of small units. Computes only. */

/** A unit price is a whole number of these parts of the currency: `0.0000133` is possible. */
const PRICE_DECIMALS = 12
export const PRICE_SCALE = 10n ** BigInt(PRICE_DECIMALS)
/** An amount is a whole number of millionths of the currency. */
export const AMOUNT_SCALE = 1_000_000n

/** Parts of the currency; undefined when it is negative, no number, or finer than a price can be. */
export function parsePrice(price: number): bigint | undefined {
  if (!Number.isFinite(price) || price < 0) return undefined
  // The shortest text that reads as this number is what was written, as long as that had at most 15 digits.
  const parts = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(price))
  if (parts === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = parts
  const decimals = fraction.length - Number(exponent)
  if (decimals > PRICE_DECIMALS) return undefined
  return BigInt(whole + fraction) * 10n ** BigInt(PRICE_DECIMALS - decimals)
}

/** `numerator / denominator`, half up; neither is negative. */
export const divideRounded = (numerator: bigint, denominator: bigint): bigint =>
  (2n * numerator + denominator) / (2n * denominator)

/** For people and JSON, which show at most six decimals of it. */
export const amountNumber = (amount: bigint): number => Number(amount) / Number(AMOUNT_SCALE)

/**
 * Shares a total out by weight, without a remainder: each gets its share rounded down, and the millionths that are left
 * go to those that lost most by it. Without any weight nobody gets anything.
 */
export function shareOut(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((before, weight) => before + weight, 0n)
  if (sum === 0n) return weights.map(() => 0n)
  const shares = weights.map((weight, index) => ({
    index,
    share: (total * weight) / sum,
    remainder: (total * weight) % sum,
  }))
  const left = Number(total - shares.reduce((before, { share }) => before + share, 0n))
  const byRemainder = shares.toSorted((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1))
  for (const each of byRemainder.slice(0, left)) each.share++
  return shares.map(({ share }) => share)
}
