'use strict'

/** Waits for objects that a function writes. */
const { setTimeout: pause } = require('node:timers/promises')

const PAUSE_MS = 200
const WAIT_MS_MAX = 60_000

/** What `look` gives as soon as it gives something; throws what `missing` says when that takes too long. */
async function until(look, missing) {
  for (const endMs = Date.now() + WAIT_MS_MAX; Date.now() < endMs; await pause(PAUSE_MS)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(missing())
}

/** Undefined while there is no such object. */
async function readJson(client, key) {
  try {
    return JSON.parse((await client.get(key)).content.toString())
  } catch (error) {
    if (error.code === 'NoSuchKey') return undefined
    throw error
  }
}

/** The first object with this beginning that was written since; undefined while there is none. */
async function readNewest(client, prefix, sinceMs, isMeant) {
  const { objects = [] } = await client.listV2({ prefix, 'max-keys': 1000 })
  for (const { name, lastModified } of objects ?? []) {
    // Times of objects are whole seconds.
    if (Date.parse(lastModified) + 1000 < sinceMs) continue
    const content = await readJson(client, name)
    if (content !== undefined && isMeant(content)) return { name, content }
  }
  return undefined
}

module.exports = { until, readJson, readNewest }
