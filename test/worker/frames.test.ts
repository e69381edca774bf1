// A WorkerBridge to a frame, of the same origin and of another site.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import { Compile, Slow, Square } from './fixtures/events.js'
import { bridgeTo, frame, lastError, newBus, pause, wasm, within } from './support.js'

describe('a WorkerBridge to a frame of the same origin', () => {
  it('finds the bus in it, and that of its next document', async () => {
    const inner = await frame(new URL('./fixtures/frame.html', import.meta.url).href)
    const { contentWindow } = inner
    const bus = newBus()
    bus.on('*', bridgeTo({ window: contentWindow as Window, origin: location.origin }).dispatch)
    const event = await within(20_000, bus.dispatch(new Square({ n: 5 })))
    expect(await event.eventResult()).to.equal(25)
    const slow = bus.dispatch(new Slow({ ms: 60_000 }))
    await pause(100)
    const loaded = new Promise((resolve) => inner.addEventListener('load', resolve, { once: true }))
    contentWindow?.location.reload()
    await within(20_000, slow)
    expect(lastError(slow)).to.include({ name: 'EventCancelledError' })
    await loaded
    await pause(500)
    const next = await within(20_000, bus.dispatch(new Square({ n: 6 })))
    expect(await next.eventResult()).to.equal(36)
  })
})

describe('a WorkerBridge to a frame', () => {
  for (const origin of [`${location.origin}/`, location.href, 'null', '*', '', undefined as never])
    it(`refuses \`${origin}\`, which no message comes from`, () => {
      const expected = /^Expected `target` to be .*{ window, origin: 'https/
      expect(() => bridgeTo({ window, origin })).to.throw(TypeError, expected)
    })
})

describe('a WorkerBridge to a frame of another site', () => {
  let inner: HTMLIFrameElement
  let bus: EventBus
  beforeEach(async () => {
    const url = new URL('./fixtures/frame.html', import.meta.url)
    url.hostname = location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'
    url.search = `?origin=${encodeURIComponent(location.origin)}`
    inner = await frame(url.href)
    bus = newBus()
    bus.on('*', bridgeTo({ window: inner.contentWindow as Window, origin: url.origin }).dispatch)
    const event = await within(20_000, bus.dispatch(new Square({ n: 3 })))
    expect(await event.eventResult()).to.equal(9)
  })

  for (const module of [wasm(), null]) {
    it(`refuses code, which it could not take, ${module ? 'as a payload' : 'as a result'}`, async () => {
      const event = await within(20_000, bus.dispatch(new Compile({ module })))
      expect(lastError(event)).to.include({ name: 'WireError' })
    })
  }

  if ('VideoFrame' in globalThis)
    it('refuses a frame of a video, which it could not take either, and has the next of the batch', async () => {
      const data = new Uint8Array(16)
      const at = { format: 'RGBA', codedWidth: 2, codedHeight: 2, timestamp: 0 } as const
      const image = new VideoFrame(data, at)
      const both = [new BaseEvent('Show', { image }), new Square({ n: 4 })].map((one) => bus.dispatch(one))
      const [shown, square] = await within(20_000, Promise.all(both))
      image.close()
      expect(lastError(shown)).to.include({ name: 'WireError' })
      expect(await square.eventResult()).to.equal(16)
    })

  for (const [how, go] of Object.entries({
    'is navigated': () => {
      inner.src = 'about:blank'
    },
    'is removed': () => inner.remove(),
  })) {
    it(`is not waited for once it ${how}`, async () => {
      const slow = bus.dispatch(new Slow({ ms: 60_000 }))
      await pause(200)
      go()
      await within(20_000, slow)
      expect(lastError(slow)).to.include({ name: 'EventCancelledError' })
      const next = await within(20_000, bus.dispatch(new Square({ n: 3 })))
      expect(lastError(next)).to.include({ name: 'EventCancelledError' })
    })
  }
})
