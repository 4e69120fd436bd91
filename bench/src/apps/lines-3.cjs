'use strict'

const LINES = 500
let printed = 0

/** Prints lines of some hundred bytes, each tenth of them JSON; with `?word=` that word in one more. */
exports.handler = async (event) => {
  for (let i = 0; i < LINES; i++) {
    const id = printed++
    if (id % 10 === 0) {
      const level = id % 1000 === 0 ? 'error' : 'info'
      console.log(
        JSON.stringify({
          level,
          msg: 'an order was taken and sent on to where it is packed',
          order: { id, items: id % 7 },
        }),
      )
    } else
      console.log(
        `[INFO] order ${id} was taken and sent on to where it is packed, which takes a while on days like this`,
      )
  }
  const { word } = JSON.parse(event.toString()).queryParameters ?? {}
  if (word) console.log(`the word is ${word}`)
  return { statusCode: 200, body: String(LINES) }
}
