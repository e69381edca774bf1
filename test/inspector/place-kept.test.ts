import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { $, caughtUp, cleanUp, makeBus, mount, press, until } from './support.js'

const focused = (inspector: BusInspector) =>
  (inspector.shadowRoot?.activeElement as HTMLElement | null)?.dataset.action

describe('<bus-inspector>: the focus of the page', () => {
  afterEach(cleanUp)

  it('is not taken from a field when the selection of before a reload comes back', async () => {
    const key = 'focus-of-the-page'
    const bus = makeBus()
    const field = document.createElement('input')
    document.body.append(field)
    try {
      const event = new BaseEvent('Late')
      localStorage.setItem(key, JSON.stringify({ selected: event.eventId }))
      const inspector = await mount({ buses: [bus], persistKey: key })
      field.focus()
      bus.dispatch(event)
      await until(() => inspector.selected === event)
      expect(document.activeElement?.localName).to.equal('input')
    } finally {
      field.remove()
      localStorage.removeItem(key)
    }
  })

  it('stays on the button that has cleared the view: arrows go on from there', async () => {
    const bus = makeBus()
    await bus.dispatch(new BaseEvent('Ping'))
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    const clear = $(inspector, '[data-action="clear"]')
    clear.focus()
    clear.click()
    await caughtUp(inspector)
    expect(focused(inspector)).to.equal('clear')
    press(inspector, 'ArrowRight')
    expect(focused(inspector)).to.equal('import')
  })
})
