/**
 * The parts of `node:http` that the platform uses. An import of the module itself evaluates everything that it exports, and
 * some of that loads undici: 16 MB of memory and 60 ms of each start, for nothing. Types may be imported from it.
 */
export const { Agent, createServer, request, ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } =
  process.getBuiltinModule('node:http')
