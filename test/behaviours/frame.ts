/** What an inline script of the frame below keeps about itself. */
export interface FrameWindow extends Window {
  bubus: typeof import('../../src/index.js')
  /** Time-outs and intervals that have neither fired nor been cleared. */
  timers: { live: Set<number>; started: number }
  /** Directives that were violated. */
  violations: string[]
  /** How often text was evaluated as code, or tried to be: WebKit refuses it without reporting a violation. */
  evaluations: number
  Function: FunctionConstructor
}

export interface Frame extends Disposable {
  readonly window: FrameWindow
  [Symbol.dispose](): void
}

// Counts, and passes every call on: the timers are the browser's own.
const countTimers = `
const timers = window.timers = { live: new Set(), started: 0 }
for (const [start, stop] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval']]) {
  const [begin, end] = [window[start], window[stop]]
  window[start] = (callback, ...rest) => {
    timers.started += 1
    const id = begin.call(window, (...args) => {
      if (start === 'setTimeout') timers.live.delete(id)
      return callback(...args)
    }, ...rest)
    timers.live.add(id)
    return id
  }
  window[stop] = (id) => {
    timers.live.delete(id)
    end.call(window, id)
  }
}`

const countEvaluations = `
window.evaluations = 0
for (const name of ['Function', 'eval']) {
  const count = (call) => (...args) => {
    window.evaluations += 1
    return call(...args)
  }
  window[name] = new Proxy(window[name], { apply: count(Reflect.apply), construct: count(Reflect.construct) })
}`

/** A same-origin frame with a copy of the library of its own, loaded after the counters were put in place. */
export async function openFrame({ csp }: { csp?: string } = {}): Promise<Frame> {
  const source = new URL('../log/tab-library.js', import.meta.url).href
  const policy = csp === undefined ? '' : `<meta http-equiv="Content-Security-Policy" content="${csp}">`
  const frame = document.createElement('iframe')
  frame.srcdoc = `<!doctype html><html><head>${policy}<script nonce="frame">
    window.violations = []
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(event.effectiveDirective + ' ' + event.blockedURI)
    })
    ${countTimers}
    ${countEvaluations}
  </script></head><body><script type="module" nonce="frame">
    window.bubus = await import(${JSON.stringify(source)})
    parent.postMessage('frame ready', '*')
  </script></body></html>`
  const ready = new Promise<void>((resolve) => {
    const listen = (event: MessageEvent): void => {
      if (event.source !== frame.contentWindow || event.data !== 'frame ready') return
      window.removeEventListener('message', listen)
      resolve()
    }
    window.addEventListener('message', listen)
  })
  document.body.append(frame)
  await ready
  const opened = frame.contentWindow as unknown as FrameWindow
  const dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)
  return { window: opened, [dispose]: () => frame.remove() } as unknown as Frame
}
