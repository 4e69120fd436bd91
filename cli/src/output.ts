/**
 * What a command says, and where: results to stdout, everything else to stderr. With `--json` stdout carries one
 * JSON document, or one per line for streams. Colours, aligned columns and spinners are for terminals only.
 */
import { styleText } from 'node:util'
import type { CliError } from './errors.ts'
import { ApiError } from './errors.ts'
import { defined, type Json, textOf } from './json.ts'
import type { Terminal } from './terminal.ts'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const SPINNER_FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const SPINNER_FRAME_MS = 80

export interface Step {
  /** Replaces what is being done. */
  update(text: string): void
  done(text: string): void
  /** Takes the line away: what follows says how it ended. */
  clear(): void
}

export interface Output {
  readonly json: boolean
  /** Colours `text` when stdout is a terminal that wants colours. */
  style(style: Style, text: string): string
  /** The one result of a command. */
  result(document: unknown, text: string): void
  /** The one result of a command, as a table; tabs between the columns when piped. `documents`: for `--json`. */
  table(documents: readonly Json[], rows: readonly Json[], columns: readonly string[], empty: string): void
  /** One item of a stream. */
  item(document: unknown, text: string): void
  /** Bytes of a function's answer, as they are. */
  raw(bytes: Buffer): void
  note(text: string): void
  warn(text: string): void
  step(text: string): Step
  error(error: CliError): void
}

/** Colours; control characters; what turns the direction of text. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /\u001B\[[0-9;]*m|[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g
const COLOUR_END = '\u001B[0m'

/**
 * Text from a function or a stranger, safe to print: control characters could move the cursor or retitle the terminal,
 * and a turned direction shows a text as another. Colours stay when `colours` is true, and end with the text.
 */
export function printable(text: string, colours: boolean): string {
  let coloured = false
  const shown = text.replaceAll(UNPRINTABLE, (found) => {
    if (found.length > 1) {
      coloured = colours && found !== COLOUR_END && found !== '\u001B[m'
      return colours ? found : ''
    }
    const code = found.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
  return coloured ? shown + COLOUR_END : shown
}

export function formatTable(rows: readonly (readonly string[])[], aligned: boolean): string {
  if (!aligned) return rows.map((row) => row.join('\t')).join('\n')
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function formatDuration(durationMs: number): string {
  if (durationMs < 10) return `${durationMs.toFixed(1)} ms`
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`
}

export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`
  const units = ['KB', 'MB', 'GB', 'TB']
  let value = sizeBytes / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]}`
}

export function createOutput(terminal: Terminal, options: { json: boolean; color: boolean }): Output {
  const { stdout, stderr, environment } = terminal
  const wantsColour = options.color && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  const outColour = wantsColour && !options.json && stdout.isTTY === true
  const errColour = wantsColour && stderr.isTTY === true
  const paint = (colour: boolean, style: Style, text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text
  const out = (text: string) => void stdout.write(`${text}\n`)
  const err = (text: string) => void stderr.write(`${text}\n`)
  let clearSpinner = () => {}

  const output: Output = {
    json: options.json,
    style: (style, text) => paint(outColour, style, text),
    result(document, text) {
      if (options.json) out(JSON.stringify(document, null, stdout.isTTY ? 2 : undefined))
      else if (text !== '') out(text)
    },
    table(documents, rows, columns, empty) {
      if (options.json) return output.result(documents, '')
      if (rows.length === 0) return stdout.isTTY ? out(empty) : undefined
      const head = columns.map((column) => column.toUpperCase())
      const cells = rows.map((row) =>
        columns.map((column) => printable(textOf(row[column]), false).replaceAll('\t', ' ')),
      )
      const [first, ...rest] = formatTable([head, ...cells], stdout.isTTY === true).split('\n')
      out([paint(outColour, 'bold', first!), ...rest].join('\n'))
    },
    item: (document, text) => out(options.json ? JSON.stringify(document) : text),
    raw: (bytes) => void stdout.write(bytes),
    note(text) {
      if (!options.json) err(paint(errColour, 'dim', text))
    },
    warn(text) {
      if (!options.json) err(`${paint(errColour, 'yellow', 'warning')} ${text}`)
    },
    step(text) {
      const started = performance.now()
      const elapsed = () => formatDuration(performance.now() - started)
      const done = (line: string) =>
        err(`${paint(errColour, 'green', '✓')} ${line} ${paint(errColour, 'dim', elapsed())}`)
      if (options.json) return { update: () => {}, done: () => {}, clear: () => {} }
      if (!stderr.isTTY) {
        err(text)
        return { update: err, done, clear: () => {} }
      }
      let current = text
      let frame = 0
      const draw = () =>
        void stderr.write(`\r\u001B[K${SPINNER_FRAMES[frame++ % SPINNER_FRAMES.length]} ${current} (${elapsed()})`)
      const timer = setInterval(draw, SPINNER_FRAME_MS)
      clearSpinner = () => {
        clearInterval(timer)
        stderr.write('\r\u001B[K')
        clearSpinner = () => {}
      }
      draw()
      return {
        update(next) {
          current = next
        },
        done(line) {
          clearSpinner()
          done(line)
        },
        clear: () => clearSpinner(),
      }
    },
    error(error) {
      clearSpinner()
      if (options.json) {
        const api =
          error instanceof ApiError ? { code: error.code, requestId: error.requestId, position: error.position } : {}
        const document = { message: error.message, ...api, hint: error.hint, exitCode: error.exitCode }
        out(JSON.stringify({ error: defined(document) }))
        return
      }
      const name = error instanceof ApiError ? `${error.code}: ` : ''
      err(`${paint(errColour, 'red', 'error')} ${name}${error.message}`)
      if (error.hint) err(`  ${error.hint}`)
      if (error instanceof ApiError) err(paint(errColour, 'dim', `  request id ${error.requestId}`))
    },
  }
  return output
}
