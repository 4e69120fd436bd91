import { defineWords } from '../../i18n/words.ts'

export const words = defineWords(
  {
    title: 'Query language',
    introduction:
      'A query is made of words, joined by AND, OR and NOT (AND when nothing stands between). Choose an example to try it.',
    use: 'Use this query',
    exampleWord: 'lines in which this stands, in whatever case',
    examplePhrase: 'these words, one after the other',
    exampleWildcard: 'whatever stands between',
    exampleLogic: 'parentheses say what belongs together',
    exampleField: 'a field of a line that is a JSON object, or of an invocation',
    exampleNumber: 'a number compared: >, >=, <, <=',
    exampleColdStart: 'invocations that waited for a new instance',
    exampleAnalysis: 'behind a bar: SQL over what was found',
    fields:
      'Fields of invocations: requestId, functionName, versionId, instanceId, durationMs, billedMs, memoryMB, memoryUsageMB, isColdStart, statusCode, errorType, and more; open a hit to see them.',
  },
  {
    title: '查询语法',
    introduction: '查询由词组成，用 AND、OR 和 NOT 连接（不写时为 AND）。点击示例即可试用。',
    use: '使用此查询',
    exampleWord: '包含该文字的行，不区分大小写',
    examplePhrase: '依次出现的这些词',
    exampleWildcard: '中间可以是任意内容',
    exampleLogic: '用括号表示组合',
    exampleField: 'JSON 日志行的字段，或调用记录的字段',
    exampleNumber: '数值比较：>、>=、<、<=',
    exampleColdStart: '等待了新实例的调用',
    exampleAnalysis: '竖线之后：对结果执行 SQL',
    fields:
      '调用记录的字段：requestId、functionName、versionId、instanceId、durationMs、billedMs、memoryMB、memoryUsageMB、isColdStart、statusCode、errorType 等；展开一条结果即可查看。',
  },
)
