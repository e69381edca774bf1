import { expect } from '@esm-bundle/chai'
import * as source from '../../src/index.js'
import * as scriptTag from '../../src/script-tag.js'

const files = { '/dist/index.js': source, '/dist/bubus.min.js': scriptTag }

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

for (const [file, names] of Object.entries(files)) {
  describe(`${file} in a module script`, () => {
    it('gives the names of the source', async () => {
      const found = await runScript(`
        import * as bubus from '${file}'
        post({ value: Object.keys(bubus).sort() })`)
      expect(found).to.deep.equal(Object.keys(names).sort())
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

for (const from of [
  ['/dist/index.js', '/dist/tabs.js', '/dist/worker.js'],
  Array(3).fill('/dist/bubus.min.js'),
]) {
  describe(`the bridges of ${from[1]}`, () => {
    it('carry events that handlers of both sides wait for, answers, cancels and hellos', async () => {
      const found = await runScript(`
        import { BaseEvent, EventBus } from '${from[0]}'
        import { TabBridge } from '${from[1]}'
        import { exposeBus, WorkerBridge } from '${from[2]}'
        const channel = 'built' + Math.random()
        const all = ['one', 'other'].map((name) => {
          const bus = new EventBus({ name })
          const tabs = new TabBridge(channel, { results: 'gather' })
          bus.on('*', tabs.dispatch)
          tabs.on('*', bus.dispatch)
          bus.on('Down', async ({ left, at }, { bus: here }) => {
            if (at !== name) return undefined
            if (!left) return 0
            const next = new BaseEvent('Down', { left: left - 1, at: name === 'one' ? 'other' : 'one' })
            return (await here.dispatch(next).eventResult()) + 1
          })
          return { bus, tabs }
        })
        for (const { tabs } of all) await tabs.ready
        for (const { tabs } of all) await tabs.peers()
        const asked = all.map(({ bus }) => bus.dispatch(new BaseEvent('Down', { left: 3, at: bus.name })))
        const value = []
        for (const event of asked) value.push(await event.eventResult())
        const { port1, port2 } = new MessageChannel()
        const far = new EventBus({ name: 'far' })
        let aborted
        far.on('Long', (event, { signal }) => new Promise(() => signal.addEventListener('abort', () => {
          aborted = signal.reason.name
        })))
        exposeBus(far, port2)
        const worker = new WorkerBridge(port1)
        const near = new EventBus({ name: 'near' })
        near.on('Long', worker.dispatch)
        near.dispatch(new BaseEvent('Long'))
        while (!far.eventsStarted.length) await new Promise((resolve) => setTimeout(resolve, 5))
        await near.stop()
        while (!aborted) await new Promise((resolve) => setTimeout(resolve, 5))
        post({ value: [...value, aborted, worker.stats.wireErrors] })`)
      expect(found).to.deep.equal([3, 3, 'EventCancelledError', 0])
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
