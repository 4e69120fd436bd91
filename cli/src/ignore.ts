/** Which files of a code folder stay out of the package: always some, and what `.fcignore` lists (as `.gitignore` does). */

/** Left out wherever they are: no function needs them, and caches would change the checksum on every run. */
const ALWAYS = [
  '.git',
  '.svn',
  '.hg',
  '.s',
  '.DS_Store',
  '__pycache__',
  '*.pyc',
  '*.pyo',
  '/.fcignore',
  '/s.yaml',
  '/s.yml',
]

interface Rule {
  pattern: RegExp
  negated: boolean
  foldersOnly: boolean
}

export type Ignore = (relativePath: string, isFolder: boolean) => boolean

function toRule(line: string): Rule | undefined {
  let text = line.replace(/(?<!\\)\s+$/, '')
  if (text === '' || text.startsWith('#')) return undefined
  const negated = text.startsWith('!')
  if (negated) text = text.slice(1)
  const foldersOnly = text.endsWith('/')
  if (foldersOnly) text = text.slice(0, -1)
  const anchored = text.includes('/')
  const source = text
    .replace(/^\//, '')
    .split('/')
    .map((segment, i, all) => {
      if (segment !== '**') return segmentSource(segment) + (i < all.length - 1 ? '/' : '')
      return i < all.length - 1 ? '(?:[^/]+/)*' : '.+'
    })
    .join('')
  return { pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`), negated, foldersOnly }
}

function segmentSource(segment: string): string {
  return segment.replaceAll(/\\(.)|\*+|\?|\[!?[^\]/]+\]|./gsu, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return RegExp.escape(escaped)
    if (token.startsWith('*')) return '[^/]*'
    if (token === '?') return '[^/]'
    if (token.length > 2 && token.startsWith('[')) {
      const not = token[1] === '!'
      return `[${not ? '^' : ''}${token.slice(not ? 2 : 1, -1).replaceAll(/[\\^]/g, String.raw`\$&`)}]`
    }
    return RegExp.escape(token)
  })
}

/** `fcignore`: the text of the file, empty when there is none. The last rule that matches a path decides. */
export function createIgnore(fcignore: string): Ignore {
  const rules = [...ALWAYS, ...fcignore.split(/\r?\n/)].map(toRule).filter((rule) => rule !== undefined)
  return (relativePath, isFolder) => {
    const rule = rules.findLast((rule) => (isFolder || !rule.foldersOnly) && rule.pattern.test(relativePath))
    return rule !== undefined && !rule.negated
  }
}
