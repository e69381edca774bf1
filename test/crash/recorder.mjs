// The world outside the browser: serves the pages, and writes down what they say. Nothing else is remembered of them.

import { createServer } from 'node:http'

const html = (/** @type {string} */ script) =>
  `<!doctype html><link rel="icon" href="data:,"><title>crash</title>${script}`

/** Pages to go to. `away` goes back at once: a page that can be kept has been in the back/forward cache meanwhile. */
const others = {
  away: html('<script>setTimeout(() => history.back(), 300)</script>'),
  blank: html(''),
}

const newHistory = () => ({
  /** Events that were said to be durable: id to the bus that they were dispatched on. @type {Map<string, string>} */
  acks: new Map(),
  /** Said not to be, or not to be known to be. @type {Set<string>} */
  nacks: new Set(),
  /** @type {Set<string>} */
  done: new Set(),
  /** @type {{ run: string, bus: string, handler: string, attempt: number, session: string }[]} */
  runs: [],
  /** @type {{ recovered: string[], bus: string, session: string }[]} */
  recovered: [],
  /** @type {object[]} */
  losses: [],
  /** Sessions whose log was not `ok` at some time. @type {Set<string>} */
  degraded: new Set(),
  /** @type {string[]} */
  oops: [],
  /** The last page could not wait until all was finished. */
  unsettled: false,
  /** The session of the last page. */
  last: '',
  /** What was read of the logs: name, then part. @type {Record<string, Record<string, any[]>>} */
  dumps: {},
})

export class Recorder {
  history = newHistory()
  /** What to tell a tab when it next reports. @type {Map<string, string>} */
  commands = new Map()
  port = 0
  /** @type {Set<string>} */
  #seen = new Set()
  /** The newest line of each session. @type {Map<string, object>} */
  #latest = new Map()
  /** @type {Set<(line: any) => void>} */
  #listeners = new Set()
  #server = createServer((request, response) => {
    this.#answer(request, response).catch((error) => {
      this.history.oops.push(`recorder: ${error.stack}`)
      response.writeHead(500).end()
    })
  })
  /** @type {Record<string, string>} */
  #scripts

  /** @param {Record<string, string>} scripts  by name: `/name` is a page with it */
  constructor(scripts) {
    this.#scripts = scripts
  }

  /** One port for the whole run: the origin is what the log belongs to. */
  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve(undefined)))
    this.port = /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port
    return this
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`
  }

  close() {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /**
   * The next line that fits.
   * @param {string} what
   * @param {(line: any) => unknown} fits
   * @param {number} ms
   * @returns {Promise<any>}
   */
  next(what, fits, ms = 30_000) {
    return new Promise((resolve, reject) => {
      const end = (/** @type {any} */ line, late = false) => {
        clearTimeout(timer)
        this.#listeners.delete(listen)
        if (late) reject(new Error(`No page has said within ${ms} ms that ${what}; ${this.#lastWords()}`))
        else resolve(line)
      }
      const listen = (/** @type {any} */ line) => fits(line) && end(line)
      const timer = setTimeout(() => end(null, true), ms)
      this.#listeners.add(listen)
    })
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.origin)
    const [, name, script] = /^\/([a-z]+)(\.js)?$/.exec(pathname) ?? []
    if (request.method === 'POST') {
      const lines = await linesOf(request)
      if (name === 'dump') this.#dumped(searchParams.get('log'), searchParams.get('part'), lines)
      else for (const line of lines) this.#line(line)
      const tab = searchParams.get('tab') ?? ''
      response.end(this.commands.get(tab) ?? '')
      this.commands.delete(tab)
      return
    }
    const known = Object.hasOwn({ ...others, ...this.#scripts }, name ?? '')
    response.writeHead(known ? 200 : 404, { 'content-type': script ? 'text/javascript' : 'text/html' })
    if (!known) response.end()
    else if (script) response.end(this.#scripts[name])
    else response.end(others[name] ?? html(`<script type="module" src="/${name}.js"></script>`))
  }

  /** What the newest pages have said last. */
  #lastWords() {
    const words = [...this.#latest.values()].slice(-4).map((line) => JSON.stringify(line).slice(0, 300))
    return `last words:\n${words.join('\n')}\n${this.history.oops.slice(-3).join('\n')}`
  }

  #dumped(log, part, lines) {
    const parts = (this.history.dumps[log] ??= {})
    parts[part] = [...(parts[part] ?? []), ...lines]
  }

  /** A line that comes twice counts once. Lines of one session arrive in order, but for those of a beacon. */
  #line(line) {
    const key = `${line.session} ${line.n}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#latest.set(line.session, line)
    note(this.history, line)
    for (const listen of this.#listeners) listen(line)
  }
}

function note(history, line) {
  if (line.ack) history.acks.set(line.ack, line.bus)
  else if (line.nack) history.nacks.add(line.nack)
  else if (line.done) history.done.add(line.done)
  else if (line.run) history.runs.push(line)
  else if (line.recovered) history.recovered.push(line)
  else if (line.dataloss) history.losses.push(line)
  else if (line.state) history.degraded.add(line.session)
  else if (line.unsettled) history.unsettled = true
  else if (line.oops) history.oops.push(line.oops)
}

async function linesOf(request) {
  const chunks = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    // Whoever said it died over it: the page will never know that it was heard, so it was not.
    return []
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}
