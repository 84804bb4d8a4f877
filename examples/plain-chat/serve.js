// A web server for this page: it serves this folder, and passes on what Edgewise's demo answers.
//
//   node serve.js [demo, http://localhost:8080] [port, 8000]

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { extname, join } from 'node:path'

const [demo = 'http://localhost:8080', port = '8000'] = process.argv.slice(2)

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

const server = createServer(async (asked, answer) => {
  const { pathname } = new URL(asked.url ?? '/', demo)
  if (pathname.startsWith('/api/') || pathname.startsWith('/models/')) return passOn(asked, answer)
  const file = join(import.meta.dirname, pathname === '/' ? 'index.html' : pathname)
  const isFile = await stat(file).then(
    (facts) => facts.isFile(),
    () => false,
  )
  if (!isFile) return answer.writeHead(404).end('not found')
  answer.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
  createReadStream(file).pipe(answer)
})

/**
 * @param {import('node:http').IncomingMessage} asked
 * @param {import('node:http').ServerResponse} answer
 */
function passOn(asked, answer) {
  const { method, url: path, headers } = asked
  const { host } = new URL(demo)
  const onward = request(demo, { method, path, headers: { ...headers, host } }, (answered) => {
    answer.writeHead(answered.statusCode ?? 502, answered.headers)
    answered.pipe(answer)
  })
  onward.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end('no demo')))
  answer.on('close', () => onward.destroy()) // who stops an answer stops the server's work
  asked.pipe(onward)
}

server.listen(Number(port), '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  console.log(`http://localhost:${address.port}`)
})
