/** `*` for any characters, and `?` for one: what settings match with. Time grows with length × pattern at most. Pure. */

export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0
  let from = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    const mark = pattern[from]
    if (mark === '*') {
      star = from++
      resume = at
    } else if (mark === '?' || mark === text[at]) {
      from++
      at++
    } else if (star >= 0) {
      from = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[from] === '*') from++
  return from === pattern.length
}
