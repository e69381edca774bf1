import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import {
  $,
  $$,
  caughtUp,
  cleanUp,
  dispatchMany,
  makeBus,
  mount,
  press,
  rows,
  scrollTo,
  sleep,
} from './support.js'
import { tokens, unseen } from './tokens.js'

/** Everything that a token or part can be on: all statuses, a selected row, details with every kind of value, the sheets. */
async function scene(): Promise<BusInspector> {
  const bus = makeBus({ name: 'Main' })
  makeBus({ name: 'Other' })
  const { error, warn } = console
  console.error = console.warn = () => {}
  bus.on('Fails', function refuse() {
    throw new Error('no')
  })
  await dispatchMany(bus, 110)
  await bus.dispatch(new BaseEvent('Odd', { text: 'a', n: 1, yes: true, none: null, list: [1], fn() {} }))
  await bus.dispatch(new BaseEvent('Fails'))
  await sleep(5)
  console.error = error
  console.warn = warn
  const inspector = await mount({ maxRows: 100 }, { width: '1000px', height: '700px' })
  await caughtUp(inspector)
  inspector.select([...bus.eventHistory.values()].at(-2)?.eventId as string)
  press(inspector, 'F8')
  inspector.select([...bus.eventHistory.values()].at(-2)?.eventId as string)
  await inspector.updateComplete
  return inspector
}

interface Named {
  name: string
  description?: string
}
interface Manifest {
  schemaVersion: string
  modules: {
    declarations: {
      customElement?: boolean
      tagName: string
      attributes: (Named & { fieldName: string })[]
      members: (Named & { kind: string; static?: boolean })[]
      events: Named[]
      cssParts: Named[]
      cssProperties: Named[]
      cssStates: Named[]
    }[]
  }[]
}
const manifest = (await (await fetch('/dist/custom-elements.json')).json()) as Manifest
const declared = manifest.modules[0].declarations.filter(({ customElement }) => customElement)[0]
const { cssParts: parts } = declared

const computed = (element: Element, property: string) => getComputedStyle(element).getPropertyValue(property)

/** Something that shows a token: where nothing of that kind is there now, one is made where it would be. */
function probeOf(inspector: BusInspector, on: string): { probe: Element; remove(): void } {
  const found = on === ':host' ? inspector : inspector.shadowRoot?.querySelector(on)
  if (found) return { probe: found, remove() {} }
  const made = document.createElement(/^button|:disabled/.test(on) ? 'button' : 'div')
  made.toggleAttribute('disabled', on.includes(':disabled'))
  const status = /data-status="(\w+)"/.exec(on)?.[1]
  made.className = /^\w*\.([\w-]+)/.exec(on)?.[1] ?? ''
  if (status) made.setAttribute('data-status', status)
  $(inspector, '.panel').append(made)
  return { probe: made, remove: () => made.remove() }
}

/** All styles of all elements inside, as text. */
function allStyles(inspector: BusInspector): string[] {
  return $$(inspector, '*').map((element) => {
    const style = getComputedStyle(element)
    return `${element.tagName}.${element.getAttribute('class')} ${[...style]
      .filter(
        (name) =>
          !name.startsWith('--') &&
          !/^(perspective|transform)-origin|block-size|inline-size|^width|^height/.test(name),
      )
      .map((name) => `${name}:${style.getPropertyValue(name)}`)
      .join(';')}`
  })
}

/** The same, once two looks at it see the same. */
async function steadyStyles(inspector: BusInspector): Promise<string[]> {
  for (let before = ''; ; await sleep(50)) {
    const styles = allStyles(inspector)
    if (styles.join() === before) return styles
    before = styles.join()
  }
}

describe("<bus-inspector>: its looks are the page's to choose, and only these (goal 25)", () => {
  afterEach(cleanUp)

  it(`has ${declared.cssProperties.length} tokens, each of which does what it says`, async () => {
    expect(declared.cssProperties.length).to.be.at.least(30)
    expect(declared.cssProperties.map(({ name }) => name).sort()).to.deep.equal(
      [...tokens.map(([name]) => name), ...unseen].map((name) => `--bus-inspector-${name}`).sort(),
    )
    const inspector = await scene()
    for (const [short, on, property] of tokens) {
      const name = `--bus-inspector-${short}`
      const [value, seen] = /font-family/.test(property)
        ? ['serif', 'serif']
        : /color/.test(property)
          ? ['rgb(1, 2, 3)', 'rgb(1, 2, 3)']
          : property === 'box-shadow'
            ? ['1px 2px 3px rgb(1, 2, 3)', 'rgb(1, 2, 3) 1px 2px 3px']
            : ['417px', '417px']
      const { probe, remove } = probeOf(inspector, on)
      const before = computed(probe, property)
      inspector.style.setProperty(name, value)
      if (short === 'height') inspector.style.removeProperty('height')
      expect(computed(probe, property), `${name} on ${on}`).to.include(seen).and.not.equal(before)
      inspector.style.removeProperty(name)
      if (short === 'height') inspector.style.height = '700px'
      remove()
    }
  })

  it(`has ${parts.length} parts, each of which a page can style`, async () => {
    expect(parts.length).to.be.at.least(12)
    const inspector = await scene()
    const sheet = new CSSStyleSheet()
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    const seen = new Set<string>()
    const look = () => {
      for (const element of $$(inspector, '[part]')) {
        for (const part of element.getAttribute('part')?.split(' ') ?? []) seen.add(part)
      }
    }
    look()
    inspector.clear()
    await scrollTo(inspector, 0)
    for (const action of ['more', 'export']) {
      $(inspector, `[data-action="${action}"]`).click()
      await inspector.updateComplete
      look()
    }
    // A size that is observed and changes twice in a frame is an error event of the platform's.
    await sleep(50)
    await inspector.importJSONL('')
    const drop = Object.assign(new Event('drop', { cancelable: true }), {
      dataTransfer: { files: [new File([''], 'x')] },
    })
    $(inspector, '.panel').dispatchEvent(drop)
    await sleep(50)
    await inspector.updateComplete
    look()
    const rowParts = [...seen].filter((part) => /^row-(?!selected)/.test(part))
    expect(rowParts.length).to.be.above(1)
    for (const { name } of parts) {
      if (name.startsWith('row-')) continue
      expect([...seen], name).to.include(name)
    }
    for (const part of seen) {
      expect(
        parts.some(({ name }) => name === part || (name === 'row-<status>' && part.startsWith('row-'))),
        part,
      ).to.equal(true)
      sheet.replaceSync(`bus-inspector::part(${part}) { outline: 7px solid rgb(9, 8, 7) }`)
      const element = $$(inspector, '[part]').find((one) =>
        one.getAttribute('part')?.split(' ').includes(part),
      )
      if (element) expect(computed(element, 'outline-color'), part).to.equal('rgb(9, 8, 7)')
    }
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
  })

  it('follows the color-scheme of where it is, or the theme it is given', async () => {
    const inspector = await mount({ buses: [] })
    const background = () => computed($(inspector, '.panel'), 'background-color')
    const [white, black] = ['rgb(255, 255, 255)', 'rgb(21, 24, 29)']
    inspector.style.colorScheme = 'light'
    expect(background()).to.equal(white)
    inspector.style.colorScheme = 'dark'
    expect(background()).to.equal(black)
    inspector.theme = 'light'
    await inspector.updateComplete
    expect(background()).to.equal(white)
    inspector.theme = 'dark'
    inspector.style.colorScheme = 'light'
    await inspector.updateComplete
    expect(background()).to.equal(black)
    expect(inspector.getAttribute('theme')).to.equal('dark')
  })

  it('is not changed by the styles of a hostile page, not even in a page that runs from right to left', async () => {
    const inspector = await scene()
    $(inspector, '[data-action="more"]').click()
    await inspector.updateComplete
    const before = await steadyStyles(inspector)
    const style = document.createElement('style')
    style.textContent = `
      *, *::before, *::after { line-height: 3 !important; font: italic 33px/3 cursive !important; color: red !important;
        letter-spacing: 5px !important; word-spacing: 9px !important; text-transform: uppercase !important; text-align: right !important;
        white-space: pre !important; direction: rtl !important; text-indent: 20px !important; cursor: wait !important;
        visibility: visible !important; list-style: square !important; border-collapse: collapse !important;
        text-shadow: 1px 1px red !important; user-select: none; -webkit-user-select: none; text-decoration: underline; }
      div, button, input, span { background: lime !important; border: 9px solid red !important; margin: 20px !important; padding: 20px !important; }`
    document.head.append(style)
    document.documentElement.dir = 'rtl'
    const after = await steadyStyles(inspector)
    style.remove()
    document.documentElement.removeAttribute('dir')
    expect(after.length).to.equal(before.length)
    for (const [i, one] of before.entries()) {
      if (after[i] === one) continue
      const changed = one.split(';').filter((part, at) => part !== after[i].split(';')[at])
      expect(changed.slice(0, 5), one.slice(0, 60)).to.deep.equal([])
    }
  })

  it('leaves the page alone: no sheet, font, global or attribute of it changes', async () => {
    const page = () => ({
      sheets: document.styleSheets.length,
      adopted: document.adoptedStyleSheets.length,
      fonts: document.fonts.size,
      head: document.head.innerHTML,
      html: [...document.documentElement.attributes].map(({ name, value }) => `${name}=${value}`),
      body: [...document.body.attributes].map(({ name, value }) => `${name}=${value}`),
      globals: Object.keys(window).length,
    })
    const before = page()
    const inspector = await scene()
    rows(inspector)[0].click()
    await inspector.updateComplete
    expect(page()).to.deep.equal(before)
    expect([...inspector.attributes].map(({ name }) => name).sort()).to.deep.equal(['open', 'style', 'theme'])
  })

  it('is in custom-elements.json as it is', () => {
    const element = customElements.get('bus-inspector') as unknown as {
      observedAttributes: string[]
      elementProperties: Map<string, { attribute?: string | false }>
      version: string
      prototype: object
    }
    expect([manifest.schemaVersion, declared.tagName]).to.deep.equal(['2.1.0', 'bus-inspector'])
    expect(declared.attributes.map(({ name }) => name).sort()).to.deep.equal(
      [...element.observedAttributes].sort(),
    )
    for (const { name, fieldName, description } of declared.attributes) {
      expect(element.elementProperties.has(fieldName), fieldName).to.equal(true)
      expect(description, name).to.be.a('string').and.not.equal('')
    }
    const members = declared.members.filter((member) => !member.static)
    const own = new Set([
      ...element.elementProperties.keys(),
      ...Object.getOwnPropertyNames(element.prototype),
    ])
    for (const { name, description } of members) {
      expect(own.has(name), name).to.equal(true)
      if (!declared.attributes.some(({ fieldName }) => fieldName === name))
        expect(description, name).to.be.a('string')
    }
    const lifeCycle = [
      'constructor',
      'connectedCallback',
      'disconnectedCallback',
      'willUpdate',
      'updated',
      'render',
      'getUpdateComplete',
    ]
    expect(members.map(({ name }) => name).sort()).to.deep.equal(
      [...own].filter((name) => !lifeCycle.includes(name)).sort(),
    )
    expect(declared.events.map(({ name }) => name).sort()).to.deep.equal([
      'bus-inspector-select',
      'bus-inspector-toggle',
    ])
  })

  it('shows the names of buses one beside the other, however narrow it is', async () => {
    for (const name of ['shop', 'warehouse', 'analytics_and_reporting']) makeBus({ name })
    const inspector = await mount({}, { width: '440px', height: '300px' })
    for (const width of [320, 440, 660, 1000]) {
      inspector.style.width = `${width}px`
      const cut = $$(inspector, '.bus-button').filter(
        ({ clientWidth, scrollWidth }) => scrollWidth > clientWidth,
      )
      expect(
        cut.map(({ textContent }) => textContent),
        `${width}px`,
      ).to.deep.equal([])
      const { bottom } = $(inspector, '.tools').getBoundingClientRect()
      expect($(inspector, '.buses').getBoundingClientRect().top >= bottom, `${width}px`).to.equal(width < 640)
    }
  })

  it('gives names the room before anything else, also beside the details', async () => {
    const bus = makeBus({ name: 'shop' })
    const type = 'StockReservationRequested'
    bus.on('Outer', (_, { bus }) => void bus.dispatch(new BaseEvent(type, { text: 'x'.repeat(100) })))
    await bus.dispatch(new BaseEvent('Outer'))
    const inspector = await mount({}, { width: '960px', height: '400px' })
    await caughtUp(inspector)
    inspector.expandTo(Number.POSITIVE_INFINITY)
    inspector.select([...bus.eventHistory.keys()][0])
    await inspector.updateComplete
    expect($(inspector, '.main').offsetWidth).to.be.above($(inspector, '.tree').offsetWidth + 200)
    const name = $$(inspector, '.type').find(({ textContent }) => textContent === type) as HTMLElement
    const range = document.createRange()
    range.selectNodeContents(name)
    // A hundredth of a pixel less, and an ellipsis takes two letters.
    expect(name.getBoundingClientRect().width).to.be.at.least(range.getBoundingClientRect().width)
    const { right } = name.getBoundingClientRect()
    expect(right).to.be.below((name.closest('.cell') as HTMLElement).getBoundingClientRect().right)
  })

  it('moves nothing, whether motion is wanted or not, and knows forced colours', () => {
    const sheets = (
      customElements.get('bus-inspector') as unknown as { elementStyles: { cssText: string }[] }
    ).elementStyles
    const css = sheets.map(({ cssText }) => cssText).join()
    expect(css).not.to.match(/animation|transition|@keyframes/)
    expect(css).to.match(/forced-colors: active/)
  })
})
