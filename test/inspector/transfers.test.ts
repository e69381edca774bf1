import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { $, $$, caughtUp, cleanUp, dispatchMany, frames, makeBus, mount, until } from './support.js'

const told = (inspector: Parameters<typeof $>[0]) =>
  $$(inspector, '.message')[0]?.textContent?.replace(/\s+/g, ' ').trim() ?? ''

const fileOf = (count: number, name: string) => {
  const id = (i: number) => `018f8e40-1234-7000-8000-${String(i).padStart(12, '0')}`
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ event_type: 'A', event_id: id(i) }))
  return new File([lines.join('\n')], name)
}

function drop(inspector: Parameters<typeof $>[0], file: File): void {
  const event = new Event('drop', { bubbles: true, composed: true, cancelable: true })
  Object.assign(event, { dataTransfer: { files: [file] } })
  $(inspector, '.panel').dispatchEvent(event)
}

describe('<bus-inspector>: reading and writing, one at a time', () => {
  afterEach(cleanUp)

  it('stops writing a file when the reader says so: no file comes', async () => {
    const bus = makeBus()
    await dispatchMany(bus, 8000)
    const inspector = await mount({ buses: [bus], maxRows: 20_000 })
    await caughtUp(inspector)
    $(inspector, '[data-action="export"]').click()
    await until(() => $$(inspector, '[data-action="save"]').length === 1)
    const saved: string[] = []
    const note = (click: Event) => {
      click.preventDefault()
      saved.push('file')
    }
    const { click } = HTMLAnchorElement.prototype
    HTMLAnchorElement.prototype.click = () => {
      note(new Event('click'))
    }
    try {
      $(inspector, '[data-action="save"]').click()
      await until(() => $$(inspector, '[data-action="stop"]').length === 1)
      $(inspector, '[data-action="stop"]').click()
      await until(
        () => /^(Stopped|Saved)/.test(told(inspector)),
        () => told(inspector),
      )
    } finally {
      HTMLAnchorElement.prototype.click = click
    }
    expect(told(inspector)).to.match(/^Stopped/)
    expect(saved).to.deep.equal([])
  })

  it('says nothing more of a file that another one has taken the place of', async () => {
    const inspector = await mount({ buses: [] })
    drop(inspector, fileOf(1, 'first.jsonl'))
    await until(() => /first\.jsonl/.test(told(inspector)))
    drop(inspector, fileOf(60_000, 'long.jsonl'))
    await until(
      () => /Reading long\.jsonl: /.test(told(inspector)),
      () => told(inspector),
    )
    drop(inspector, fileOf(1, 'short.jsonl'))
    const said: string[] = []
    const region = $$(inspector, '[role="status"]')[1]
    const hearing = new MutationObserver(() => said.push(region.textContent ?? ''))
    hearing.observe(region, { subtree: true, childList: true, characterData: true })
    await until(() => /short\.jsonl/.test(region.textContent ?? ''))
    await frames(10)
    hearing.disconnect()
    expect(said.filter(Boolean)).to.deep.equal(['1 event of short.jsonl'])
  })

  it('writes what an object has in it, whatever its class is called', async () => {
    class Vec2 {
      x = 1
      y = 2
    }
    const bus = makeBus()
    const event = await bus.dispatch(new BaseEvent('Moved', { at: new Vec2() }))
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    const text = await new Response(inspector.export({ events: 'all' })).text()
    expect(JSON.parse(text)).to.deep.include({ event_id: event.eventId, at: { x: 1, y: 2 } })
  })
})
