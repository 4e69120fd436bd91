/** DNS over TCP: each message behind two bytes that tell its length (RFC 1035, 4.2.2). */
import type { Socket } from 'node:net'

const LENGTH_BYTES = 2

/** Calls `receive` with each message; a longer one than `bytesMax` ends the connection. */
export function readMessages(socket: Socket, bytesMax: number, receive: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= LENGTH_BYTES && !socket.destroyed) {
      const length = rest.readUInt16BE(0)
      if (length > bytesMax) {
        socket.destroy()
        return
      }
      if (rest.length < LENGTH_BYTES + length) return
      receive(rest.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
      rest = rest.subarray(LENGTH_BYTES + length)
    }
  })
}

export function writeMessage(socket: Socket, message: Buffer): void {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + message.length)
  framed.writeUInt16BE(message.length, 0)
  message.copy(framed, LENGTH_BYTES)
  socket.write(framed)
}
