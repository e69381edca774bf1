import { expect } from '@esm-bundle/chai'
import { number, string } from 'superstruct'
import { BaseEvent, defineEvent, EventBus, EventTimeoutError } from '../../src/index.js'
import { gate, rejection, task } from './support.js'

class Request extends defineEvent('Request', { id: number() }) {}
class Response extends defineEvent('Response', { id: number(), text: string() }) {}
class Login extends defineEvent('Login') {}

const response = (id: number): Response => new Response({ id, text: `answer ${id}` })

describe('A11: expect', () => {
  it('77: resolves with the matching event, by type or class; each of several expects gets its own', async () => {
    const bus = new EventBus()
    const byType = bus.expect('Response')
    const byClass = bus.expect(Response)
    const byId = bus.expect(Response, { where: (event) => event.id === 2 })
    const request = bus.expect(Request)
    const [one, two] = [bus.dispatch(response(1)), bus.dispatch(response(2))]
    const asked = bus.dispatch(new Request({ id: 3 }))
    expect((await byType) === one).to.equal(true)
    const seen: Response = await byClass
    expect(seen === one).to.equal(true)
    expect(seen.text).to.equal('answer 1')
    expect((await byId) === two).to.equal(true)
    expect((await request) === asked).to.equal(true)
  })

  it('77: it looks back at events that have not started and fulfilled no expect, never further', async () => {
    const bus = new EventBus()
    const old = await bus.dispatch(response(0))
    const [one, two] = [bus.dispatch(response(1)), bus.dispatch(response(2))]
    expect((await bus.expect(Response)) === one).to.equal(true)
    expect((await bus.expect(Response)) === two).to.equal(true)
    await bus.waitUntilIdle()
    expect(old.eventStatus).to.equal('completed')
    expect(await rejection(bus.expect(Response, { timeout: 10 }))).to.be.instanceOf(EventTimeoutError)
  })

  it('78: where, or predicate, filters and is called once for each event', async () => {
    for (const key of ['where', 'predicate']) {
      const bus = new EventBus()
      const asked: number[] = []
      const filter = (event: Response): boolean => {
        asked.push(event.id)
        return event.id === 4
      }
      const wanted = bus.expect(Response, { [key]: filter })
      for (const id of [1, 2, 3, 4, 5]) bus.dispatch(response(id))
      expect((await wanted).id).to.equal(4)
      await bus.waitUntilIdle()
      expect(asked).to.deep.equal([1, 2, 3, 4])
    }
  })

  it('79: rejects when its time is over, and is gone after that', async () => {
    const bus = new EventBus()
    let calls = 0
    const where = (): boolean => {
      calls += 1
      return true
    }
    const error = await rejection(bus.expect(Response, { where, timeout: 10 }))
    expect(error).to.be.instanceOf(EventTimeoutError)
    expect(error.message).to.contain('Response')
    await bus.dispatch(response(1))
    expect(calls).to.equal(0)
    const found = bus.expect(Response, { where })
    await bus.dispatch(response(2))
    await found
    await bus.dispatch(response(3))
    expect(calls).to.equal(1)
  })

  it('80: gives the same object while it is unfinished, and leaves no result on it', async () => {
    const bus = new EventBus()
    const release = gate()
    bus.on(Response, () => release.promise)
    const waiting = bus.expect(Response)
    const sent = bus.dispatch(response(1))
    const seen = await waiting
    expect(seen === sent).to.equal(true)
    expect(seen.eventStatus).not.to.equal('completed')
    release.open()
    await seen
    expect(seen.eventResults.size).to.equal(1)
  })

  it('81: made first, then dispatched, then awaited: it has not missed the event', async () => {
    const bus = new EventBus()
    const promise = bus.expect('Response')
    const sent = bus.dispatch(response(1))
    await sent
    await task()
    expect((await promise) === sent).to.equal(true)
  })

  it('82: a throwing predicate rejects its own expect and harms neither event nor other expects', async () => {
    const bus = new EventBus()
    const failure = new Error('bad predicate')
    const broken = rejection(
      bus.expect(Response, {
        where: () => {
          throw failure
        },
      }),
    )
    const fine = bus.expect(Response)
    bus.on(Response, () => 'handled')
    const sent = bus.dispatch(response(1))
    expect((await broken) === failure).to.equal(true)
    expect((await fine) === sent).to.equal(true)
    expect(await sent.eventResultsList()).to.deep.equal(['handled'])
  })

  it('83: works inside a handler: the answer may come from the own child or from outside', async () => {
    const bus = new EventBus()
    bus.on(Request, (event) => {
      if (event.id === 1) bus.dispatch(response(1))
      else setTimeout(() => bus.dispatch(response(2)))
    })
    bus.on(Response, (event) => event.text)
    const texts: unknown[] = []
    bus.on(Login, async () => {
      for (const id of [1, 2]) {
        await bus.dispatch(new Request({ id }))
        const answer = await bus.expect(Response)
        texts.push(await answer.eventResult())
      }
      return 'logged in'
    })
    const login = await bus.dispatch(new Login())
    expect(texts).to.deep.equal(['answer 1', 'answer 2'])
    expect(await login.eventResult()).to.equal('logged in')
    expect(login).to.be.instanceOf(BaseEvent)
  })
})
