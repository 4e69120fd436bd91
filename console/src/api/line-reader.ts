/** Lines of a text that comes in parts. */
export function createLineReader(): { push(text: string): string[] } {
  let rest = ''
  return {
    /** The lines that are whole now, without their breaks; empty ones are left out. */
    push(text) {
      const parts = (rest + text).split('\n')
      rest = parts.pop()!
      return parts.filter((line) => line.trim() !== '')
    },
  }
}
