/**
 * `npm start`, `npm test`, `npm run lint` and `npm run bench` come through here: install what is missing, say so, then
 * run the command with the Node.js that the project is made for. Plain JavaScript, because the Node.js that runs this
 * file is the machine's own, 18 or newer.
 *
 *   node scripts/setup.cjs -- start|test|lint|bench [arguments]
 */
'use strict'

const { commands } = require('./setup/commands.cjs')
const { SetupError, say } = require('./setup/report.cjs')

async function main(argv) {
  const [name, ...rest] = argv[0] === '--' ? argv.slice(1) : argv
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (!command) throw new SetupError(`say what to run: node scripts/setup.cjs -- ${Object.keys(commands).join('|')}`)
  for (const need of command.needs) await need()
  return command.run(rest)
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error) => {
    say(error instanceof SetupError ? error.message : error.stack)
    process.exitCode = 1
  },
)
