import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { AddCommand } from '../context.ts'
import { usageError } from '../errors.ts'

const TEMPLATES = join(import.meta.dirname, '..', '..', 'templates')
const TEMPLATE_NAMES = ['nodejs-event', 'nodejs-http', 'python-event', 'python-http'] as const
/** Stands in the templates where the function's name goes. */
const NAME_PLACEHOLDER = '__NAME__'

export const addInit: AddCommand = (program, contextOf) => {
  program
    .command('init')
    .description('make a folder with a small function and its s.yaml')
    .argument('<folder>', 'where to; its last part becomes the name of the function')
    .requiredOption('--template <name>', TEMPLATE_NAMES.join(', '))
    .action(async (folder: string, options: { template: string }, command) => {
      const { terminal, output } = contextOf(command)
      const target = resolve(terminal.folder, folder)
      const files = await copyTemplate(options.template, target)
      const shown = relative(terminal.folder, target) || '.'
      output.result(
        { folder: target, files },
        [...files.map((file) => `  ${join(shown, file)}`), '', `Next: sluice dev ${shown}`].join('\n'),
      )
    })
}

/** Copies all files or none; returns their names. */
async function copyTemplate(template: string, target: string): Promise<string[]> {
  if (!TEMPLATE_NAMES.some((name) => name === template)) {
    throw usageError(`there is no template '${template}'`, `there are ${TEMPLATE_NAMES.join(', ')}`)
  }
  const source = join(TEMPLATES, template)
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
  for (const file of files) {
    const exists = await access(join(target, file)).then(
      () => true,
      () => false,
    )
    if (exists) throw usageError(`${join(target, file)} is already there; choose another folder`)
  }
  const name = basename(target)
    .replaceAll(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^(?=[^A-Za-z_])/, 'f-')
    .slice(0, 64)
  for (const file of files) {
    await mkdir(dirname(join(target, file)), { recursive: true })
    const content = await readFile(join(source, file), 'utf8')
    await writeFile(join(target, file), content.replaceAll(NAME_PLACEHOLDER, name))
  }
  return files.toSorted()
}
