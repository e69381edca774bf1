import { expect } from '@esm-bundle/chai'
import { EventBus } from '../../src/index.js'
import { consoleLines, freshName } from './support.js'

describe('A14: names of buses', () => {
  it('91: a second living bus of a name gets a suffix and a warning', async () => {
    const name = freshName('Twin')
    const buses: EventBus[] = []
    const lines = await consoleLines('warn', () => {
      for (let i = 0; i < 3; i += 1) buses.push(new EventBus({ name }))
    })
    const names = buses.map((bus) => bus.name)
    expect(names[0]).to.equal(name)
    expect(new Set(names).size).to.equal(3)
    for (const suffixed of names.slice(1)) expect(suffixed).to.match(new RegExp(`^${name}_[A-Za-z0-9]+$`))
    expect(lines.filter((line) => line.includes(name)).length).to.equal(2)
  })

  it('92: a stopped and cleared bus frees its name at once', async () => {
    const name = freshName('Freed')
    const first = new EventBus({ name })
    expect(first.name).to.equal(name)
    const lines = await consoleLines('warn', async () => {
      await first.stop({ clear: true })
      expect(new EventBus({ name }).name).to.equal(name)
    })
    expect(lines).to.deep.equal([])
  })

  it('93: EventBus.instances lists the living buses', async () => {
    const before = [...EventBus.instances].length
    const [a, b] = [new EventBus(), new EventBus()]
    expect([...EventBus.instances].includes(a)).to.equal(true)
    expect([...EventBus.instances].includes(b)).to.equal(true)
    expect([...EventBus.instances].length).to.be.at.most(before + 2)
    await a.stop({ clear: true })
    expect([...EventBus.instances].includes(a)).to.equal(false)
    expect([...EventBus.instances].includes(b)).to.equal(true)
  })
})
