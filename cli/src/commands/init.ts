import { join, relative, resolve } from 'node:path'
import type { AddCommand } from '../context.ts'
import { usageError } from '../errors.ts'
import { copyTemplate, templates } from '../templates.ts'

export const addInit: AddCommand = (program, contextOf) => {
  program
    .command('init')
    .description('make a folder with a small application and its s.yaml')
    .argument('[template]', 'which one; --list shows them')
    .argument('[folder]', 'where to; its last part becomes the name of the function')
    .option('-l, --list', 'show the templates')
    .action(async (template: string | undefined, folder: string | undefined, options: { list?: boolean }, command) => {
      const { terminal, output } = contextOf(command)
      if (options.list) {
        const rows = templates.map((row) => ({ ...row, template: row.name }))
        return output.table(rows, rows, ['template', 'runtime', 'build', 'description'], '')
      }
      if (template === undefined) throw usageError('which template?', '`sluice init --list` shows them')
      if (folder === undefined) throw usageError('into which folder?', `such as: sluice init ${template} my-function`)
      const target = resolve(terminal.folder, folder)
      const files = await copyTemplate(template, target)
      const shown = relative(terminal.folder, target) || '.'
      output.result(
        { folder: target, files },
        [...files.map((file) => `  ${join(shown, file)}`), '', `Next: npx sluice dev ${shown}`].join('\n'),
      )
    })
}
