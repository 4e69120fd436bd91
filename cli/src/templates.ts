/** The templates of `sluice init`: small complete applications in cli/templates, one folder each. */
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { usageError } from './errors.ts'

export interface Template {
  name: string
  /** As s.yaml has it. */
  runtime: string
  /** Program that its build step calls; empty when there is nothing to build. */
  build: string
  description: string
}

const template = (name: string, runtime: string, build: string, description: string): Template => ({
  name,
  runtime,
  build,
  description,
})

export const templates: readonly Template[] = [
  template('nodejs-event', 'nodejs20', '', 'Node.js: answers an event'),
  template('nodejs-http', 'nodejs20', '', 'Node.js: answers HTTP requests'),
  template('python-event', 'python3.10', '', 'Python: answers an event'),
  template('python-http', 'python3.10', '', 'Python: answers HTTP requests'),
  template('php-event', 'php7.2', '', 'PHP: answers an event'),
  template('php-http', 'php7.2', '', 'PHP: answers HTTP requests'),
  template('java-event', 'java11', 'mvn', 'Java with fc-java-core: answers an event'),
  template('java-http', 'java11', 'mvn', 'Java with fc-java-core: answers HTTP requests'),
  template('go-event', 'go1', 'go', 'Go with fc-runtime-go-sdk: answers an event'),
  template('go-http', 'go1', 'go', 'Go with fc-runtime-go-sdk: answers HTTP requests'),
  template('flask', 'custom.debian12', 'python3', 'Flask, any WSGI application'),
  template('express', 'custom.debian12', 'npm', 'Express, any Node.js server'),
  template('spring-boot', 'custom.debian12', 'mvn', 'Spring Boot'),
  template('gin', 'custom.debian12', 'go', 'Gin, any Go server'),
  template('websocket-chat', 'custom.debian12', 'npm', 'a chat over WebSocket'),
  template('sse', 'custom.debian12', '', 'server-sent events'),
]

export const TEMPLATES_FOLDER = join(import.meta.dirname, '..', 'templates')
/** Stands in the templates where the function's name goes. */
const NAME_PLACEHOLDER = '__NAME__'
/** Under this name in cli/templates: npm would leave a .gitignore out of the package. */
const GITIGNORE = 'gitignore'

/** Copies all files or none; returns their names. The last part of `target` becomes the name of the function. */
export async function copyTemplate(name: string, target: string): Promise<string[]> {
  if (!templates.some((known) => known.name === name)) {
    throw usageError(`there is no template '${name}'`, '`sluice init --list` shows them')
  }
  const source = join(TEMPLATES_FOLDER, name)
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const from = join(entry.parentPath, entry.name)
      return { from, to: relative(source, from).replace(new RegExp(`^${GITIGNORE}$`), '.gitignore') }
    })
  for (const { to } of files) {
    const exists = await access(join(target, to)).then(
      () => true,
      () => false,
    )
    if (exists) throw usageError(`${join(target, to)} is already there; choose another folder`)
  }
  const functionName = basename(target)
    .replaceAll(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^(?=[^A-Za-z_])/, 'f-')
    .slice(0, 64)
  for (const { from, to } of files) {
    await mkdir(dirname(join(target, to)), { recursive: true })
    const content = await readFile(from, 'utf8')
    await writeFile(join(target, to), content.replaceAll(NAME_PLACEHOLDER, functionName))
  }
  return files.map(({ to }) => to).toSorted()
}
