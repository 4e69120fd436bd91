import type { Command } from 'commander'
import { formatNumber } from '../amounts.ts'
import { type Client, path } from '../client.ts'
import type { AddCommand } from '../context.ts'
import { exitCodes, usageError } from '../errors.ts'
import { isObject, type Json, listOf, numberOf, objectOf, objectsOf, textOf } from '../json.ts'
import { formatDuration } from '../output.ts'
import { formatSpan, formatTime, parseSpan, parseTime } from '../time.ts'

const HISTORY_LIMIT = 50
const HISTORY_LIMIT_MAX = 1000
const ALERTS = '/sluice/v1/alerts'

export const addAlerts: AddCommand = (program, contextOf, setExitCode) => {
  const alerts = program.command('alerts').description('rules about metrics: which hold, what was told, and silence')

  alerts
    .command('list', { isDefault: true })
    .description('every rule and its state')
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command)
      const [rules, statuses] = await Promise.all([
        listOfAlerts(client(), 'ListAlertRules', 'rules'),
        listOfAlerts(client(), 'ListAlertStatuses', 'status', 'statuses'),
      ])
      const byRule = new Map(statuses.map((status) => [textOf(status['rule']), status]))
      const documents = rules.map((rule) => ({ ...rule, status: byRule.get(textOf(rule['name'])) ?? null }))
      const nowMs = Date.now()
      const columns = ['rule', 'state', 'since', 'value', 'of', 'condition', 'severity', 'routes']
      output.table(
        documents,
        documents.map((each) => ruleRow(each, nowMs)),
        columns,
        'no rules',
      )
    })

  alerts
    .command('history')
    .description('what happened to rules, the newest first')
    .argument('[rule]', 'only of this rule')
    .option('--since <time>', 'such as 2h, 1d, or 2026-01-31T08:00:00Z')
    .option('-n, --limit <count>', `at most so many (${HISTORY_LIMIT})`)
    .action(async (rule: string | undefined, options: { since?: string; limit?: string }, command: Command) => {
      const { client, output } = contextOf(command)
      const from = options.since === undefined ? undefined : parseTime('--since', options.since, Date.now())
      const limit = options.limit === undefined ? HISTORY_LIMIT : parseLimit(options.limit)
      const query = { rule, from, limit }
      const { events } = await client().json({ action: 'ListAlertEvents', path: `${ALERTS}/history`, query })
      const documents = objectsOf(events)
      output.table(
        documents,
        documents.map(eventRow),
        ['time', 'rule', 'what', 'value', 'route', 'message'],
        'nothing happened',
      )
    })

  alerts
    .command('silence')
    .description('keep rules quiet for a time; they are evaluated all the same')
    .argument('<rule>', 'name of a rule; * stands for any text')
    .requiredOption('--for <duration>', 'such as 30m, 2h, 1d')
    .option('--reason <text>', 'why, for whoever looks')
    .action(async (rule: string, options: { for: string; reason?: string }, command: Command) => {
      const { client, output } = contextOf(command)
      const fromMs = Date.now()
      const toMs = fromMs + parseSpan('--for', options.for)
      const body = { rule, fromMs, toMs, reason: options.reason ?? '' }
      const silence = await client().json({
        action: 'CreateAlertSilence',
        method: 'POST',
        path: `${ALERTS}/silences`,
        body,
      })
      const until = formatTime(toMs)
      output.result(
        silence,
        `${rule} is silent until ${until}; \`sluice alerts unsilence ${textOf(silence['id'])}\` ends it`,
      )
    })

  alerts
    .command('silences')
    .description('what is kept quiet')
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command)
      const silences = await listOfAlerts(client(), 'ListAlertSilences', 'silences')
      const rows = silences.map(({ id, rule, fromMs, toMs, reason }) => ({
        id,
        rule,
        from: formatTime(numberOf(fromMs)),
        to: formatTime(numberOf(toMs)),
        reason,
      }))
      output.table(silences, rows, ['id', 'rule', 'from', 'to', 'reason'], 'no silences')
    })

  alerts
    .command('unsilence')
    .description('end a silence')
    .argument('<id>', 'as `sluice alerts silences` tells it')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command)
      const silence = `${ALERTS}/silences${path`/${id}`}`
      await client().send({ action: 'DeleteAlertSilence', method: 'DELETE', path: silence })
      output.result({ id, removed: true }, `silence ${id} is over`)
    })

  alerts
    .command('test')
    .description('send a test notice through each route of a rule, and tell what became of it')
    .argument('<rule>', 'name of a rule')
    .action(async (rule: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command)
      const test = `${ALERTS}/rules${path`/${rule}`}/test`
      const { deliveries } = await client().json({ action: 'TestAlertRule', method: 'POST', path: test })
      const documents = objectsOf(deliveries)
      const rows = documents.map(({ route, ok, message, durationMs }) => ({
        route,
        delivered: ok === true ? 'yes' : 'no',
        took: formatDuration(numberOf(durationMs)),
        message,
      }))
      output.table(documents, rows, ['route', 'delivered', 'took', 'message'], 'the rule has no routes')
      if (documents.some(({ ok }) => ok !== true)) setExitCode(exitCodes.failure)
    })
}

async function listOfAlerts(client: Client, action: string, name: string, key = name): Promise<Json[]> {
  return objectsOf((await client.json({ action, path: `${ALERTS}/${name}` }))[key])
}

function ruleRow({ status, ...rule }: Json, nowMs: number): Json {
  const { state, sinceMs, value, silencedBy, problem } = objectOf(status)
  const shown = isObject(status) ? textOf(state) : rule['enabled'] === true ? '-' : 'off'
  const subject = rule['instanceId'] ?? rule['functionKey'] ?? rule['service']
  return {
    rule: rule['name'],
    state: [shown, ...(silencedBy ? ['(silenced)'] : []), ...(problem ? [`(${textOf(problem)})`] : [])].join(' '),
    since: typeof sinceMs === 'number' && sinceMs > 0 ? formatSpan(Math.max(0, nowMs - sinceMs)) : '-',
    value: typeof value === 'number' ? formatNumber(value) : '-',
    of: subject ? textOf(subject).replace('$', '/') : 'everything',
    condition: conditionOf(rule),
    severity: rule['severity'],
    routes: listOf(rule['routes']).map(textOf).join(', '),
  }
}

function conditionOf({ metric, condition, forSeconds }: Json): string {
  const { kind, comparison, threshold, deviations, direction } = objectOf(condition)
  const name = textOf(metric)
  const held = numberOf(forSeconds) === 0 ? '' : ` for ${formatSpan(numberOf(forSeconds) * 1000)}`
  if (kind === 'threshold') return `${name} ${textOf(comparison)} ${formatNumber(numberOf(threshold))}${held}`
  if (kind === 'anomaly') return `${name} ${textOf(direction)} usual by ${textOf(deviations)} σ${held}`
  return `no ${name}${held}`
}

function eventRow({ timeMs, rule, kind, value, route, message }: Json): Json {
  return {
    time: formatTime(numberOf(timeMs)),
    rule,
    what: kind,
    value: typeof value === 'number' ? formatNumber(value) : '-',
    route: textOf(route) || '-',
    message,
  }
}

function parseLimit(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= 1 && count <= HISTORY_LIMIT_MAX)) {
    throw usageError(`--limit: '${text}' is no whole number from 1 to ${HISTORY_LIMIT_MAX}`)
  }
  return count
}
