'use strict'
/** From a handler such as `src/app.handler` to the function it names. */
const { existsSync, statSync } = require('fs')
const { join, dirname, basename } = require('path')
const { RuntimeFailure, loadFailure } = require('./errors.cjs')

const EXTENSIONS = ['.js', '.mjs', '.cjs']

/**
 * The exported function, as it is and bound to the object that holds it, and whether it answers by the callback that it
 * is given as argument number `callbackIndex`: `declared`, `perhaps` or `never`. Rejects with RuntimeFailure.
 */
async function loadHandler(codePath, handler, callbackIndex) {
  const { moduleName, file, exportPath } = locate(codePath, handler)
  const exported = await importFile(file).catch((error) => {
    throw loadFailure(error)
  })
  const found = follow(exported, exportPath) || follow(exported.default, exportPath)
  if (!found) {
    const message = `Handler '${exportPath.join('.')}' missing on module '${moduleName}'`
    throw new RuntimeFailure('HandlerNotFound', message)
  }
  return {
    target: found.target,
    call: found.target.bind(found.owner),
    callback: callbackUse(found.target, callbackIndex),
  }
}

/** `a.b.handler` is export `handler` of `a.b`, or else export `b.handler` of `a`: the longest file name that exists wins. */
function locate(codePath, handler) {
  const folder = dirname(handler)
  const parts = basename(handler).split('.')
  for (let fileParts = parts.length - 1; fileParts > 0; fileParts--) {
    const moduleName = join(folder, parts.slice(0, fileParts).join('.'))
    const file = findFile(join(codePath, moduleName))
    if (file) return { moduleName, file, exportPath: parts.slice(fileParts) }
  }
  if (parts.length < 2) {
    throw new RuntimeFailure('HandlerNotFound', `Handler '${handler}' is not of the form 'module.function'`)
  }
  throw new RuntimeFailure('ImportModuleError', `Cannot find module '${join(folder, parts.slice(0, -1).join('.'))}'`)
}

function findFile(path) {
  for (const extension of EXTENSIONS) if (existsSync(path + extension)) return path + extension
  const isFolder = existsSync(path) && statSync(path).isDirectory()
  try {
    return isFolder ? require.resolve(path) : undefined
  } catch {
    return undefined
  }
}

async function importFile(file) {
  if (!file.endsWith('.mjs')) {
    try {
      return require(file)
    } catch (error) {
      if (error.code !== 'ERR_REQUIRE_ESM' && error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error
    }
  }
  return import(require('url').pathToFileURL(file).href)
}

function follow(exported, exportPath) {
  let owner
  let target = exported
  for (const name of exportPath) {
    if (target === null || target === undefined) return undefined
    owner = target
    target = target[name]
  }
  return typeof target === 'function' ? { owner, target } : undefined
}

/** A function that declares no parameters may still reach its callback through a rest parameter or `arguments`. */
function callbackUse(target, callbackIndex) {
  if (target.length > callbackIndex) return 'declared'
  if (target.length > 0) return 'never'
  const source = Function.prototype.toString.call(target)
  const usesArguments = /^(async\s+)?function\b/.test(source) && /\barguments\b/.test(source)
  return usesArguments || /^[^(]*\(\s*\.\.\./.test(source) ? 'perhaps' : 'never'
}

/** Whether what the function returned is its answer; else the answer comes by callback. Promises are asked before. */
function isAnswer(callback, returned) {
  return returned === undefined ? callback === 'never' : callback !== 'declared'
}

module.exports = { loadHandler, isAnswer }
