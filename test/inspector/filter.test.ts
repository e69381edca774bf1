import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { parseQuery } from '../../src/inspector/query.js'
import {
  $,
  caughtUp,
  cleanUp,
  dispatchMany,
  frames,
  makeBus,
  mount,
  outline,
  rowNamed,
  rowOf,
  rows,
  sleep,
  until,
} from './support.js'

/** The events that every case is asked about, by a short name. */
async function scene(): Promise<{ main: EventBus; audit: EventBus; named: Map<string, BaseEvent> }> {
  const main = makeBus({ name: 'Main', eventConcurrency: 'parallel' })
  const audit = makeBus({ name: 'Audit' })
  const named = new Map<string, BaseEvent>()
  const send = (name: string, event: BaseEvent, bus = main) => {
    named.set(name, event)
    return bus.dispatch(event)
  }
  main.on('UserCreated', function saveUser(_, { bus }) {
    send(
      'mail',
      new BaseEvent('MailSent', { to: 'zoe@example.org', user: { id: 42 } }),
      bus as unknown as EventBus,
    )
    return { saved: true }
  })
  main.on('UserRemoved', async function removeUser() {
    await sleep(400)
    return 'gone'
  })
  main.on('Failing', function refuse() {
    throw new RangeError('out of teapots')
  })
  main.on(
    'Late',
    function linger() {
      return new Promise(() => {})
    },
    { timeout: 1 },
  )
  main.on('Stopped', function leave() {
    throw new DOMException('left', 'AbortError')
  })
  main.on('Shared', audit.dispatch)
  audit.on('Shared', function keep() {
    return 7
  })
  main.addEventListener('Vetoed', (event) => event.preventDefault())
  const { error, warn } = console
  console.error = console.warn = () => {}
  send(
    'user',
    new BaseEvent('UserCreated', { user: { id: 42, name: 'Zoe Lovelace' }, admin: true, tags: null }),
  )
  send('gone', new BaseEvent('UserRemoved', { user: { id: 7, name: 'Bob' }, admin: false }))
  send('fail', new BaseEvent('Failing', { text: 'a "b" c', 'odd key': 1 }))
  send('late', new BaseEvent('Late'))
  send('stop', new BaseEvent('Stopped', { price: 9.5 }))
  send('shared', new BaseEvent('Shared', { price: 20 }))
  send('veto', new BaseEvent('Vetoed', {}, { cancelable: true }))
  const { event_id: _, ...record } = new BaseEvent('Again', { n: 1 }).toJSON()
  send(
    'again',
    BaseEvent.fromJSON({
      ...record,
      event_id: new BaseEvent('x').eventId,
      event_replay_of: new BaseEvent('x').eventId,
    }),
  )
  await sleep(500)
  console.error = error
  console.warn = warn
  return { main, audit, named }
}

const all = ['user', 'mail', 'gone', 'fail', 'late', 'stop', 'shared', 'veto', 'again']
const but = (...names: string[]) => all.filter((name) => !names.includes(name))

/** A filter, and which events it finds. */
const cases: readonly [string, readonly string[]][] = [
  ['', all],
  ['   ', all],
  ['type:UserCreated', ['user']],
  ['type:usercreated', ['user']],
  ['type:User*', ['user', 'gone']],
  ['type:*ed', ['user', 'gone', 'stop', 'shared', 'veto']],
  ['type:?ate', ['late']],
  ['type:User', []],
  ['type:"UserCreated"', ['user']],
  ['type:/^User/', ['user', 'gone']],
  ['type:/^user/', []],
  ['type:/^user/i', ['user', 'gone']],
  ['type:/(Late|Failing)/', ['late', 'fail']],
  ['-type:User*', but('user', 'gone')],
  ['status:completed', ['user', 'mail', 'gone', 'shared', 'veto']],
  ['status:error', ['fail']],
  ['status:timeout', ['late']],
  ['status:aborted', ['stop']],
  ['status:replayed', ['again']],
  ['status:e*', ['fail']],
  ['-status:completed', ['fail', 'late', 'stop', 'again']],
  ['bus:Audit', ['shared']],
  ['bus:audit', ['shared']],
  ['bus:Main', all],
  ['-bus:Audit', but('shared')],
  ['handler:saveUser', ['user']],
  ['handler:save', ['user']],
  ['handler:/^save/', ['user']],
  ['handler:*User', ['user', 'gone']],
  ['handler:user', ['user', 'gone']],
  ['handler:"saveUser"', ['user']],
  ['-handler:*', ['mail', 'again']],
  ['dur:>300ms', ['gone']],
  ['dur:>=0', all],
  ['dur:<300ms', but('gone')],
  ['dur:>10s', []],
  ['dur:0.3s..1m', ['gone']],
  ['dur:300..50000', ['gone']],
  ['-dur:<300', ['gone']],
  ['payload.user.id:42', ['user', 'mail']],
  ['payload.user.id:>10', ['user', 'mail']],
  ['payload.user.id:<10', ['gone']],
  ['payload.user.id:1..50', ['user', 'mail', 'gone']],
  ['payload.user.name:Zoe*', ['user']],
  ['payload.user.name:"Zoe Lovelace"', ['user']],
  ['payload.user.name:/love/i', ['user']],
  ['payload.admin:true', ['user']],
  ['payload.admin:false', ['gone']],
  ['payload.tags:null', ['user']],
  ['payload.price:9.5', ['stop']],
  ['payload.price:>=9.5', ['stop', 'shared']],
  ['payload.price:*', ['stop', 'shared']],
  ['payload.nothing.at.all:1', []],
  ['payload.user:42', []],
  ['-payload.price:*', but('stop', 'shared')],
  ['is:slow', ['gone']],
  ['is:failed', ['fail', 'late', 'stop']],
  ['is:open', []],
  ['is:replayed', ['again']],
  ['-is:replayed', but('again')],
  ['is:forwarded', ['shared']],
  ['is:vetoed', ['veto']],
  ['is:root', but('mail')],
  ['-is:root', ['mail']],
  ['is:file', []],
  ['tab:here', all],
  ['tab:2', []],
  ['Lovelace', ['user']],
  ['lovelace', ['user']],
  ['"zoe l"', ['user']],
  ['"Zoe Lovelace"', ['user']],
  ['teapots', ['fail']],
  ['"a \\"b\\" c"', ['fail']],
  ['/out of \\w+/', ['fail']],
  ['/OUT OF/i', ['fail']],
  ['zoe example', ['mail']],
  ['-zoe', but('user', 'mail')],
  ['type:User* OR type:Late', ['user', 'gone', 'late']],
  ['type:UserCreated OR type:Late OR is:vetoed', ['user', 'late', 'veto']],
  ['type:User* dur:>300ms', ['gone']],
  ['type:User* -dur:>300ms', ['user']],
  ['(type:User* OR type:Late) -is:failed', ['user', 'gone']],
  ['-(type:User* OR is:failed)', ['mail', 'shared', 'veto', 'again']],
  ['((type:UserCreated))', ['user']],
  ['-(-(type:Late))', ['late']],
  ['odd', ['fail']],
]

const wrong: readonly [string, RegExp][] = [
  ['status:banana', /Expected status: with one of pending, started, .* got "banana"/],
  ['is:banana', /Expected is: with one of slow/],
  ['dur:fast', /Expected a time like dur:>50ms/],
  ['banana:1', /Expected type:, status:, .* got "banana:"/],
  ['payload:1', /Expected type:/],
  ['payload..a:1', /Expected type:/],
  ['type:', /Expected something after "type:"/],
  ['(type:A', /Expected a closing \)/],
  ['type:A)', /Expected a \( before \)/],
  ['OR type:A', /Expected something before "OR"/],
  ['type:A OR', /Expected something at the end/],
  ['()', /Expected something before "\)"/],
  ['-', /Expected something after "-"/],
  ['type:/[/', /Expected a regular expression, got \/\[\//],
  ['/(/', /Expected a regular expression/],
  ['"open', /Expected a closing "/],
]

async function filtered(inspector: BusInspector, filter: string): Promise<void> {
  inspector.filter = filter
  await inspector.updateComplete
  await until(() => inspector.tree.searched === 1)
  await inspector.updateComplete
}

describe('<bus-inspector>: the filter (goals 10 and 11)', () => {
  let named: Map<string, BaseEvent>
  let inspector: BusInspector

  beforeEach(async () => {
    const { main, audit, named: found } = await scene()
    named = found
    inspector = await mount({ buses: [main, audit] })
    await caughtUp(inspector)
  })
  afterEach(cleanUp)

  it(`finds what it says: ${cases.length} filters`, async () => {
    const { model } = inspector.tree
    for (const [filter, expected] of cases) {
      await filtered(inspector, filter)
      expect(inspector.tree.filterError, filter).to.equal('')
      const found = all.filter((name) => model.isShown(model.nodeOf(named.get(name))))
      expect(found, filter).to.deep.equal(all.filter((name) => expected.includes(name)))
    }
  }).timeout(60_000)

  it('says what is wrong with a filter, and keeps the rows that were there', async () => {
    await filtered(inspector, 'type:UserCreated')
    const before = outline(inspector)
    for (const [filter, message] of wrong) {
      await filtered(inspector, filter)
      const input = $(inspector, '#filter')
      expect(input.getAttribute('aria-invalid'), filter).to.equal('true')
      const described = $(inspector, `#${input.getAttribute('aria-describedby')}`)
      expect(described.textContent, filter).to.match(message)
      expect(described.hidden).to.equal(false)
      expect(outline(inspector), filter).to.deep.equal(before)
    }
    await filtered(inspector, '')
    expect($(inspector, '#filter').getAttribute('aria-invalid')).to.equal('false')
    expect($(inspector, '#filter-error').hidden).to.equal(true)
  })

  it('keeps the ancestors of what it finds, dimmed, and counts', async () => {
    await filtered(inspector, 'type:MailSent')
    expect(outline(inspector).map((row) => row.replace(/#.*/, ''))).to.deep.equal([
      '1 UserCreated',
      '2 saveUser',
      '3 MailSent',
    ])
    expect(rowNamed(inspector, 'UserCreated').hasAttribute('data-dimmed')).to.equal(true)
    expect(rowNamed(inspector, 'saveUser').hasAttribute('data-dimmed')).to.equal(true)
    expect(rowNamed(inspector, 'MailSent').hasAttribute('data-dimmed')).to.equal(false)
    expect($(inspector, '.amount').textContent).to.equal('1 of 9')
    expect(rowNamed(inspector, 'MailSent').getAttribute('aria-setsize')).to.equal('1')
    await filtered(inspector, '')
    expect($(inspector, '.amount').textContent).to.equal('9 events')
  })

  it('asks only what is new or has changed while events come', async () => {
    const bus = makeBus()
    inspector.buses = [bus]
    await inspector.updateComplete
    await dispatchMany(bus, 50, 'Tick')
    await filtered(inspector, 'type:Tock OR Tick')
    await caughtUp(inspector)
    const asked: string[] = []
    const { facts } = await inspector.tree.filters.get()
    const type = facts.type.bind(facts)
    facts.type = (node) => {
      asked.push(type(node))
      return type(node)
    }
    await dispatchMany(bus, 3, 'Tock')
    await caughtUp(inspector)
    expect(asked).to.deep.equal(['Tock', 'Tock', 'Tock'])
  })

  it('shows one bus at a time, with the path of what was forwarded', async () => {
    const button = inspector.shadowRoot?.querySelector<HTMLElement>('[data-bus="Audit"]')
    button?.click()
    await inspector.updateComplete
    expect(button?.getAttribute('aria-pressed')).to.equal('true')
    expect(outline(inspector).map((row) => row.replace(/#.*/, ''))).to.deep.equal([
      '1 Shared',
      '2 Audit.dispatch',
      '2 keep',
    ])
    expect(rowOf(inspector, named.get('shared') as BaseEvent).querySelector('.bus')?.textContent).to.equal(
      'Main › Audit',
    )
    inspector.shadowRoot?.querySelector<HTMLElement>('[data-bus=""]')?.click()
    await inspector.updateComplete
    expect(rows(inspector).length).to.be.above(9)
  })

  it('goes through a long search in slices, and says how far it is', async () => {
    const bus = makeBus()
    const text = 'abc '.repeat(100)
    for (let i = 0; i < 20_000; i++) bus.dispatch(new BaseEvent('Long', { i, text: `${text}${i}` }))
    await bus.waitUntilIdle()
    const big = await mount({ buses: [bus], maxRows: 100_000 })
    await caughtUp(big)
    const said: string[] = []
    const observer = new MutationObserver(() => said.push($(big, '.amount').textContent ?? ''))
    observer.observe(big.shadowRoot as ShadowRoot, { subtree: true, characterData: true, childList: true })
    big.filter = '"abc 19999"'
    await big.updateComplete
    await until(() => big.tree.searched === 1, undefined, 20_000)
    await frames(2)
    observer.disconnect()
    expect(said.some((one) => /^searching, \d+ %$/.test(one))).to.equal(true)
    expect(outline(big)).to.have.length(1)
  }).timeout(60_000)
})

describe('parseQuery: whatever is typed', () => {
  it('never throws anything but a QueryError, for 10 000 random texts', () => {
    let seed = 11
    const random = (below: number) => {
      seed = (seed * 1664525 + 1013904223) % 2 ** 32
      return Math.floor((seed / 2 ** 32) * below)
    }
    const words = [
      'type:',
      'status:',
      'dur:',
      'is:',
      'payload.',
      'id:',
      'OR',
      '-',
      '(',
      ')',
      '"',
      '/',
      '\\',
      '*',
      '?',
      '>',
      '<=',
      '..',
      '50ms',
      'error',
      'a',
      ' ',
      ':',
      '[',
      '{',
      '\u0000',
      '💥',
      '\n',
      '__proto__',
      'payload.__proto__:',
      '|',
      '+',
      '$',
      'i',
      'u',
    ]
    const facts = {
      type: () => 'A',
      id: () => 'x',
      status: () => 'error' as const,
      buses: () => ['b'],
      handlers: () => ['h'],
      duration: () => 1,
      is: () => true,
      tab: () => 'here',
      payload: () => '1',
      text: () => 'some text',
    }
    let good = 0
    for (let i = 0; i < 10_000; i++) {
      const text = Array.from({ length: 1 + random(12) }, () => words[random(words.length)]).join('')
      try {
        const query = parseQuery(text)
        if (query) expect(query.test(facts, 1)).to.be.a('boolean')
        good++
      } catch (error) {
        expect((error as Error).name, JSON.stringify(text)).to.equal('QueryError')
        expect((error as Error).message).to.match(/^Expected /)
      }
    }
    expect(good).to.be.above(500)
  })

  it('survives brackets that never end', () => {
    expect(() => parseQuery('('.repeat(100_000))).to.throw(/at most 100 brackets/)
    expect(() => parseQuery('-('.repeat(100_000))).to.throw(/Expected/)
  })
})
