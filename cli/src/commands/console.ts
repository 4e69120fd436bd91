import type { AddCommand } from '../context.ts'
import { messageOf } from '../errors.ts'
import { textOf } from '../json.ts'
import { openBrowser } from '../open-browser.ts'

export const addConsole: AddCommand = (program, contextOf) => {
  program
    .command('console')
    .description('a link that signs a browser in to the console, once')
    .option('--open', 'open it in the browser of this machine')
    .action(async ({ open }: { open?: boolean }, command) => {
      const { client: connect, options, output, terminal } = contextOf(command)
      const client = connect()
      const answer = await client.json({
        action: 'CreateConsoleTicket',
        method: 'POST',
        path: '/sluice/v1/console/tickets',
      })
      // The platform may not know how it is reached from here.
      const isElsewhere = options.endpoint ?? terminal.environment['SLUICE_ENDPOINT']
      const url = isElsewhere
        ? new URL(`/console#ticket=${textOf(answer['ticket'])}`, client.endpoint).href
        : textOf(answer['url'])
      output.result({ ...answer, url }, url)
      output.note('it signs in once, within a few minutes')
      if (open) {
        await openBrowser(url, terminal.environment).catch((error: unknown) =>
          output.warn(`no browser was opened: ${messageOf(error)}`),
        )
      }
    })
}
