import { expect } from '@esm-bundle/chai'
import * as source from '../../src/index.js'

const names = Object.keys(source).sort()

/** Runs a module script in a page of its own and gives what it posts. */
async function runScript(text: string): Promise<unknown> {
  const page = document.createElement('iframe')
  const answer = new Promise((resolve, reject) => {
    window.addEventListener('message', ({ source: from, data }) => {
      if (from !== page.contentWindow) return
      if (data.error) reject(new Error(data.error))
      else resolve(data.value)
    })
  })
  page.srcdoc = `
    <script>
      const post = (message) => parent.postMessage(message, '*')
      addEventListener('error', ({ message }) => post({ error: message || 'the script did not load: npm run build?' }), true)
      addEventListener('unhandledrejection', ({ reason }) => post({ error: String(reason) }))
    </script>
    <script type="module">${text}</script>`
  document.body.append(page)
  try {
    return await answer
  } finally {
    page.remove()
  }
}

for (const file of ['/dist/index.js', '/dist/bubus.min.js']) {
  describe(`${file} in a module script`, () => {
    it('gives the names of the source', async () => {
      const found = await runScript(`
        import * as bubus from '${file}'
        post({ value: Object.keys(bubus).sort() })`)
      expect(found).to.deep.equal(names)
    })

    it('runs a bus', async () => {
      const found = await runScript(`
        import { BaseEvent, defineEvent, EventBus } from '${file}'
        const Greeted = defineEvent('Greeted')
        const bus = new EventBus({ name: 'Built' })
        bus.on(Greeted, (event) => 'hello ' + event.eventPayload.name)
        const event = bus.dispatch(new Greeted({ name: 'world' }))
        await event
        post({ value: [event instanceof BaseEvent, event.eventStatus, event.eventPath, await event.eventResult()] })`)
      expect(found).to.deep.equal([true, 'completed', ['Built'], 'hello world'])
    })
  })
}

describe('dist/bubus.min.js', () => {
  it('imports nothing', async () => {
    const response = await fetch('/dist/bubus.min.js')
    expect(response.ok, 'npm run build').to.equal(true)
    expect(await response.text()).not.to.match(/\bimport\b\s*[({"'*]|\bfrom\s*["']/)
  })
})
