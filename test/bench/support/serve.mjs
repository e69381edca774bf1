import { createServer } from 'node:http'

const headers = {
  // An isolated page has a clock of 5 µs (Chromium) and 20 µs (Firefox).
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cache-control': 'no-store',
}

const html =
  '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>'

/** Serves the bench page with this script on a free port of this machine. */
export async function servePage(script) {
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    const type = isScript ? 'text/javascript' : 'text/html'
    const found = isScript || request.url === '/'
    response.writeHead(found ? 200 : 404, { ...headers, 'content-type': `${type}; charset=utf-8` })
    response.end(!found ? '' : isScript ? script : html)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
