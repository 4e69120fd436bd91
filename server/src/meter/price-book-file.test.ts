import assert from 'node:assert/strict'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigError } from '../config.ts'
import { PriceBookFile } from './price-book-file.ts'
import { temporaryDirectory } from './test-support.ts'

const book = (currency: string) => `currency: ${currency}\nmeters: {}\n`

function world(t: TestContext) {
  const path = join(temporaryDirectory(t), 'prices.yaml')
  const notices: string[] = []
  let second = 0
  /** Each has a time of its own, as it has when people write it. */
  const write = (text: string) => {
    writeFileSync(path, text)
    utimesSync(path, 0, ++second)
  }
  return { path, write, notices, file: new PriceBookFile(path, (message) => notices.push(message)) }
}

test('a file that changes is read again', async (t) => {
  const { write, file } = world(t)
  write(book('CNY'))
  await file.open()
  assert.equal((await file.current()).currency, 'CNY')
  write(book('EUR'))
  assert.equal((await file.current()).currency, 'EUR')
})

test('a change that cannot be used is told once, and the prices stay; a good one is followed again', async (t) => {
  const { path, write, file, notices } = world(t)
  write(book('CNY'))
  await file.open()
  write(book('yuan'))
  for (let i = 0; i < 3; i++) assert.equal((await file.current()).currency, 'CNY')
  assert.deepEqual(notices, [
    `the price book stays as it was: priceBook: ${path}:1:1: currency must be a currency in three capital letters, such as CNY`,
  ])
  write(book('USD'))
  assert.equal((await file.current()).currency, 'USD')
})

test('a file that goes away leaves its prices', async (t) => {
  const { path, write, file, notices } = world(t)
  write(book('CNY'))
  await file.open()
  rmSync(path)
  for (let i = 0; i < 3; i++) assert.equal((await file.current()).currency, 'CNY')
  assert.equal(notices.length, 1)
  write(book('EUR'))
  assert.equal((await file.current()).currency, 'EUR')
})

test('a file that is not there, or bad, stops the start', async (t) => {
  const { write, file } = world(t)
  await assert.rejects(
    file.open(),
    (error) => error instanceof ConfigError && /prices\.yaml cannot be read: ENOENT/.test(error.message),
  )
  write('currency: 5')
  await assert.rejects(
    file.open(),
    (error) => error instanceof ConfigError && /prices\.yaml:1:1: currency must be/.test(error.message),
  )
})

test('without a setting the example is read, when it is needed, by all who ask at once', async () => {
  const file = new PriceBookFile('', assert.fail)
  await file.open()
  const books = await Promise.all([file.current(), file.current()])
  assert.equal(books[0].currency, 'CNY')
  assert.equal(books[0], books[1])
})
