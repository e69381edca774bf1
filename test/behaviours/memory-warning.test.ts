import { expect } from '@esm-bundle/chai'
import { string } from 'superstruct'
import { defineEvent, EventBus } from '../../src/index.js'
import { consoleLines, freshName, sleep } from './support.js'

class Blob extends defineEvent('Blob', { data: string() }) {}

/** A text that really takes its room: no engine can share its pieces. */
function megabytes(count: number): string {
  const bytes = new Uint8Array(count * 1_000_000)
  for (let i = 0; i < bytes.length; i += 997) bytes[i] = 65 + (i % 26)
  return new TextDecoder('latin1').decode(bytes)
}

describe('A17: memory warning', () => {
  it('97: events of over 50 MB on all buses warn once, naming the biggest bus', async function () {
    this.timeout(20_000)
    const big = new EventBus({ name: freshName('Hoarder'), maxHistorySize: 50 })
    const small = new EventBus({ name: freshName('Frugal') })
    const about = (lines: readonly string[]): string[] => lines.filter((line) => line.includes(big.name))
    const lines = await consoleLines('warn', async (written) => {
      await small.dispatch(new Blob({ data: 'little' }))
      for (let i = 0; i < 40; i += 1) await big.dispatch(new Blob({ data: megabytes(2) }))
      // The size is estimated rarely, when a bus comes to rest: now and then another event comes until it is.
      for (let i = 0; i < 40 && about(written).length === 0; i += 1) {
        await sleep(100)
        await big.dispatch(new Blob({ data: megabytes(2) }))
      }
    })
    expect(about(lines).length).to.equal(1)
    expect(about(lines)[0]).to.match(/\b50\s?MB/)
    await big.stop({ clear: true })
    await small.stop({ clear: true })
  })
})
