/**
 * A frame of an opaque origin, without IndexedDB, Web Locks and localStorage. It may fetch nothing of ours: the page fetches the
 * library's modules and hands them over as data URLs, in an import map.
 */
export async function runSandboxed(body: string): Promise<{ answer: unknown; said: string[] }> {
  const entries = ['../../src/index.ts', '../../src/log/event-log.ts', '../../src/bridges/tab-bridge.ts'].map(
    (path) => new URL(path, import.meta.url).href,
  )
  const modules = new Map<string, string>()
  for (const entry of entries) await fetchModules(entry, modules)
  const imports = Object.fromEntries(
    [...modules].map(([url, text]) => [nameOf(url), `data:text/javascript,${encodeURIComponent(text)}`]),
  )
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.srcdoc = `<!doctype html><script>
    window.said = []
    for (const level of ['warn', 'error']) console[level] = (...all) => said.push(all.join(' '))
    for (const type of ['error', 'unhandledrejection'])
      addEventListener(type, (event) => said.push(type + ' ' + (event.reason ?? event.message)))
  </script><script type="importmap">${JSON.stringify({ imports })}</script><script type="module">
    try {
      const { EventBus, BaseEvent, Semaphore, retry } = await import('${nameOf(entries[0])}')
      const { EventLog } = await import('${nameOf(entries[1])}')
      const { TabBridge } = await import('${nameOf(entries[2])}')
      const answer = await (async () => {${body}})()
      parent.postMessage({ answer, said }, '*')
    } catch (error) {
      parent.postMessage({ answer: String(error) + error.stack, said }, '*')
    }
  </script>`
  const answered = new Promise<{ answer: unknown; said: string[] }>((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return
      removeEventListener('message', listen)
      resolve(data)
    })
  })
  document.body.append(frame)
  try {
    return await answered
  } finally {
    frame.remove()
  }
}

const nameOf = (url: string) => `module:${new URL(url).pathname}`

async function fetchModules(url: string, modules: Map<string, string>): Promise<void> {
  if (modules.has(url)) return
  modules.set(url, '')
  const text = await (await fetch(url)).text()
  const found: string[] = []
  const named = text
    .replace(/\/\/# sourceMappingURL=.*/g, '')
    .replace(/(\bfrom\s*|\bimport\s*\(?\s*)(["'])([./][^"']*)\2/g, (_, before, quote, path) => {
      const target = new URL(path, url).href
      found.push(target)
      return `${before}${quote}${nameOf(target)}${quote}`
    })
  modules.set(url, named)
  for (const target of found) await fetchModules(target, modules)
}
