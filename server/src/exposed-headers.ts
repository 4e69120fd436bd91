/** Headers that scripts of other sites may read of the platform's own answers (Function Compute's list). */
export const EXPOSED_HEADERS = [
  'Date',
  'x-fc-request-id',
  'x-fc-error-type',
  'x-fc-code-checksum',
  'x-fc-invocation-duration',
  'x-fc-max-memory-usage',
  'x-fc-log-result',
  'x-fc-invocation-code-version',
  'x-fc-instance-id',
].join(',')
