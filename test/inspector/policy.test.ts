import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { cleanUp, makeBus, mount, until } from './support.js'

/** Loads a page in a frame and gives what it tells. */
async function tell(url: string): Promise<Record<string, unknown>> {
  const frame = document.createElement('iframe')
  Object.assign(frame.style, { width: '900px', height: '600px' })
  const told = new Promise<Record<string, unknown>>((resolve, reject) => {
    window.addEventListener('message', ({ source, data }) => {
      if (source !== frame.contentWindow) return
      if (data.failed) reject(new Error(`${url}: ${data.failed}`))
      else resolve(data)
    })
    setTimeout(() => reject(new Error(`${url} told nothing: npm run build?`)), 15_000)
  })
  frame.src = url
  document.body.append(frame)
  try {
    return await told
  } finally {
    frame.remove()
  }
}

describe('<bus-inspector>: strict pages (goal 26)', () => {
  afterEach(cleanUp)

  it('violates no policy and no Trusted Types, is fully styled, asks the network for nothing, from one script tag', async () => {
    const told = await tell('/test/inspector/page/strict.html')
    expect(told.violations).to.deep.equal([])
    // They would be told of: an image from elsewhere is one.
    expect(told.witness).to.match(/^img-src/)
    expect(told.requests).to.equal(0)
    expect(told.rows).to.be.above(3)
    expect(told.buses).to.deep.equal(['', 'Strict', 'Bundled'])
    expect(told.bundled).to.equal(true)
    expect([told.rowHeight, told.font, told.images, told.detail]).to.deep.equal([24, '12px', 0, true])
    expect(told.status).to.not.equal('rgb(0, 0, 0)')
  }).timeout(20_000)

  it('shows buses of the script-tag file and of an application that has bundled the library, in one tree', async () => {
    const url = new URL('../../dist/bubus.min.js', import.meta.url).href
    const copy = (await import(url)) as typeof import('../../src/script-tag.js')
    const ours = makeBus({ name: 'Bundled' })
    const theirs = new copy.EventBus({ name: 'ScriptTag' })
    ours.on('Ping', theirs.dispatch)
    theirs.on('Ping', function pong(_, { bus }) {
      bus.dispatch(new copy.BaseEvent('Pong'))
      return 1
    })
    const inspector = await mount()
    const event = ours.dispatch(new BaseEvent('Ping'))
    await event
    const { model } = inspector.tree
    const named = () =>
      Array.from({ length: model.length }, (_, i) => {
        const subject = model.subject(model.order[i])
        return `${model.level[model.order[i]]} ${'handlerId' in subject ? subject.handlerName : subject.eventType}`
      })
    await until(() => named().includes('3 Pong'), named)
    const names = named()
    const at = names.indexOf('1 Ping')
    expect(names.slice(at, at + 4)).to.deep.equal(['1 Ping', '2 ScriptTag.dispatch', '2 pong', '3 Pong'])
    await theirs.stop({ clear: true })
  })

  it('does not change native events, nor what the page does with them', async () => {
    const before = [
      EventTarget.prototype.dispatchEvent,
      EventTarget.prototype.addEventListener,
      window.Event,
      window.CustomEvent,
    ]
    const heard: string[] = []
    const inspector = await mount()
    document.addEventListener('probe', ({ type, bubbles }) => heard.push(`${type} ${bubbles}`), {
      once: true,
    })
    document.body.dispatchEvent(new CustomEvent('probe', { bubbles: true }))
    expect(heard).to.deep.equal(['probe true'])
    expect(
      [
        EventTarget.prototype.dispatchEvent,
        EventTarget.prototype.addEventListener,
        window.Event,
        window.CustomEvent,
      ].every((one, i) => one === before[i]),
    ).to.equal(true)
    expect(inspector.isConnected).to.equal(true)
  })

  it('is defined once: another version stays out, with one warning', async () => {
    const warnings: string[] = []
    const { warn } = console
    console.warn = (...words: unknown[]) => warnings.push(words.join(' '))
    try {
      const defined = customElements.get('bus-inspector')
      const url = new URL('../../dist/bus-inspector.min.js', import.meta.url).href
      const other = (await import(url)) as { BusInspector: CustomElementConstructor & { version: string } }
      expect(customElements.get('bus-inspector') === defined).to.equal(true)
      expect(other.BusInspector === defined).to.equal(false)
      expect(warnings.filter((text) => text.includes('bus-inspector'))).to.have.length(1)
      expect(warnings.at(-1)).to.match(/is defined already and stays; version \d+\.\d+\.\d+ is not used/)
      await import(new URL('../../src/inspector/define.ts?again', import.meta.url).href)
      expect(warnings.filter((text) => text.includes('bus-inspector'))).to.have.length(1)
    } finally {
      console.warn = warn
    }
  })
})
