// Writes events.jsonl: the write-ahead log of a browser agent that went shopping, as the Python bubus would have left it.
// The same seed gives the same file: `node demo/make-events.mjs`.
import { writeFileSync } from 'node:fs'

let seed = 20_250_708
let now = Date.UTC(2025, 6, 8, 9, 14, 2, 318)

function random() {
  seed = (seed + 0x6d2b79f5) | 0
  let x = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
  return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
}

const between = (least, most) => least + Math.floor(random() * (most - least + 1))
const pick = (list) => list[between(0, list.length - 1)]
const hex = (digits) => Array.from({ length: digits }, () => between(0, 15).toString(16)).join('')

/** RFC 9562: 48 bits of time, the version, the variant, the rest by chance. */
function uuid7(ms) {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`
}

/** Pydantic writes microseconds. */
const iso = (ms) => `${new Date(ms).toISOString().slice(0, -1)}${String(between(0, 999)).padStart(3, '0')}Z`

const lines = []
const timeouts = {
  NavigateToUrlEvent: 15,
  ScreenshotEvent: 8,
  BrowserStartEvent: 30,
  TypeTextEvent: 15,
  ClickElementEvent: 15,
}
const resultTypes = { ScreenshotEvent: 'str', BrowserStateRequestEvent: 'dict' }
const modules = (type) =>
  /Agent/.test(type) ? 'browser_use.agent.cloud_events' : 'browser_use.browser.events'

/** An event is written when it has completed, so the children that it awaited come before it in the file. */
function emit(type, path, parent, payload, awaited = () => {}) {
  now += between(3, 40)
  const id = uuid7(now)
  const record = {
    event_type: type,
    event_schema: `${modules(type)}.${type}@1.4.3`,
    event_timeout: timeouts[type] ?? 300,
    ...(resultTypes[type] && { event_result_type: resultTypes[type] }),
    event_id: id,
    event_path: path,
    event_parent_id: parent,
    event_created_at: iso(now),
    event_processed_at: null,
    ...payload,
  }
  awaited(id)
  now += between(20, 260)
  lines.push(JSON.stringify(record))
  return id
}

const site = 'https://bus-stop.example'
const tasks = [
  {
    task: 'Find the cheapest reading lamp and put it in the cart',
    pages: ['/', '/lamps', '/lamps/reading-lamp'],
  },
  {
    task: 'Compare the shipping prices for one pair of wool socks',
    pages: ['/', '/socks', '/cart', '/shipping'],
  },
  {
    task: 'Order two enamel mugs with the fastest carrier',
    pages: ['/', '/mugs', '/mugs/enamel', '/cart', '/checkout'],
  },
  {
    task: 'Check whether the order of last week was delivered',
    pages: ['/account', '/orders', '/orders/ORD-0917'],
  },
  { task: 'Cancel the newsletter', pages: ['/account', '/account/mail'] },
]
const labels = {
  '/': ['Search', 'Lamps', 'Socks', 'Mugs', 'Accept cookies'],
  '/cart': ['One more', 'Remove', 'Go to checkout', 'Choose shipping'],
  '/checkout': ['Swift Post', 'Card ending 4242', 'Place the order'],
  '/account': ['Orders', 'Mail settings', 'Sign in'],
}
const words = ['reading lamp', 'wool socks size 42', 'enamel mug', 'SW1A 2AA', 'ada@bus-stop.example']

const agent = ['AgentBus']
const browser = ['AgentBus', 'BrowserBus']

function lookAt(step, tab) {
  emit('BrowserStateRequestEvent', browser, step, { include_screenshot: true }, (request) => {
    emit('ScreenshotEvent', browser, request, { full_page: false, target_id: tab })
  })
}

function open(step, tab, url) {
  emit('NavigateToUrlEvent', browser, step, { url, new_tab: false }, (visit) => {
    emit('NavigationStartedEvent', browser, visit, { target_id: tab, url })
    now += between(180, 900)
    emit('NavigationCompleteEvent', browser, visit, {
      target_id: tab,
      url,
      status: random() < 0.04 ? 503 : 200,
    })
  })
}

function act(step, tab, page) {
  const chance = random()
  if (chance < 0.5) {
    const label = pick(labels[page] ?? ['Add to the cart', 'Details', 'Back'])
    emit('ClickElementEvent', browser, step, { element_index: between(2, 90), label })
  } else if (chance < 0.75) {
    emit('TypeTextEvent', browser, step, {
      element_index: between(2, 40),
      text: pick(words),
      clear_existing: true,
    })
  } else {
    emit('ScrollEvent', browser, step, {
      direction: pick(['down', 'down', 'up']),
      amount: between(3, 9) * 100,
    })
  }
  if (random() < 0.08)
    emit('BrowserErrorEvent', browser, step, {
      target_id: tab,
      error_type: 'ElementNotFound',
      message: 'The element moved while it was clicked',
    })
}

function run(session, tab, { task, pages }) {
  const id = emit('CreateAgentTaskEvent', agent, session, { task, llm_model: 'gpt-4.1' })
  let step = 0
  for (const page of pages) {
    for (let part = 0; part < 2; part++) {
      const goal = part === 0 ? `Open ${page}` : `Use ${page}`
      emit('CreateAgentStepEvent', agent, id, { step: ++step, next_goal: goal }, (parent) => {
        lookAt(parent, tab)
        if (part === 0) open(parent, tab, `${site}${page}`)
        else act(parent, tab, page)
      })
      now += between(900, 3200)
    }
  }
  emit('UpdateAgentTaskEvent', agent, id, {
    success: random() < 0.85,
    done_output: `${task}: done in ${step} steps`,
  })
}

for (let session = 0; session < 3; session++) {
  const tab = hex(32).toUpperCase()
  const root = emit('CreateAgentSessionEvent', agent, null, {
    browser_session_id: uuid7(now),
    locale: 'en-GB',
  })
  emit('BrowserStartEvent', browser, root, { headless: session === 1 }, (start) => {
    emit('BrowserConnectedEvent', browser, start, { cdp_url: 'http://127.0.0.1:9222' })
    emit('TabCreatedEvent', browser, start, { target_id: tab, url: 'about:blank' })
  })
  for (const task of tasks.slice(session * 2, session * 2 + 3)) run(root, tab, task)
  emit('BrowserStopEvent', browser, root, { force: false }, (stop) => {
    emit('BrowserStoppedEvent', browser, stop, { reason: 'The agent is done' })
  })
  now += between(60, 400) * 1000
}

writeFileSync(new URL('events.jsonl', import.meta.url), `${lines.join('\n')}\n`)
process.stdout.write(`${lines.length} events\n`)
