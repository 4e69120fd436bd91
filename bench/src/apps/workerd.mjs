export default {
  fetch() {
    return new Response('Hello, world', { headers: { 'Content-Type': 'text/plain' } })
  },
}
