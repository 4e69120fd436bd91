/**
 * One at a time per key. Two requests of this process that change the same scope would otherwise race each other
 * and one of them plan again; between processes the revisions in the commit decide.
 */
export interface Lanes {
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result>
}

export function createLanes(): Lanes {
  const tails = new Map<string, Promise<unknown>>()
  return {
    async run(key, work) {
      const before = tails.get(key) ?? Promise.resolve()
      const mine = before.then(work, work)
      tails.set(key, mine)
      try {
        return await mine
      } finally {
        if (tails.get(key) === mine) tails.delete(key)
      }
    },
  }
}
