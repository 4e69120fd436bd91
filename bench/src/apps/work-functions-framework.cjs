'use strict'

/** The same work as in work-3.cjs. */
const WORK_MS = 50

exports.hello = (_request, response) => {
  setTimeout(() => response.type('text/plain').send('Hello, world'), WORK_MS)
}
