// The packed package as somebody else's project has it: installed, compiled against and imported.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
let project

function run(command, args, cwd) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${error ?? ''}${stdout}${stderr}`)
}

before(() => {
  project = mkdtempSync(join(tmpdir(), 'bubus-consumer-'))
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'bubus'), { recursive: true })
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], root)
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'))
  run('tar', ['-xzf', join(project, tarball), '--strip-components=1', '-C', join(modules, 'bubus')], project)
  for (const name of ['superstruct', 'nanoid', 'idb', 'comlink'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
})

after(() => rmSync(project, { recursive: true, force: true }))

const program = `
import { defineEvent, EventBus } from 'bubus'
import { EventLog, type LogOptions } from 'bubus/log'
import { TabBridge } from 'bubus/tabs'
import { WorkerBridge } from 'bubus/worker'
import { number, string } from 'superstruct'

export const others = [EventLog, TabBridge, WorkerBridge]
class OrderCreated extends defineEvent('OrderCreated', { orderId: string(), total: number() }, { result: string() }) {}

const bus = new EventBus({ name: 'Consumer' })
bus.on(OrderCreated, (event) => {
  const total: number = event.total
  return event.orderId + total
})
const result: string | undefined | null = await bus.dispatch(new OrderCreated({ orderId: 'a', total: 1 })).eventResult()
// @ts-expect-error: the schema says string
export const wrong = () => new OrderCreated({ orderId: 1, total: 1 })
export default result

// What a project's own declarations have to name.
export const options: LogOptions = { name: 'orders', durability: 'strict' }
export const past = bus.eventHistory
export const live = () => bus.events('*')
export const ofLog = (log: EventLog) => ({
  records: log.records({}),
  imported: log.importJSONL(''),
  replayed: log.replay(bus),
  exported: log.exportJSONL(),
})
export const ofTabs = (tabs: TabBridge) => ({ peers: tabs.peers(), stats: tabs.stats })
`

for (const resolution of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
]) {
  test(`its types compile in a strict project, module resolution ${resolution[1]}`, () => {
    const [module, moduleResolution] = resolution
    writeFileSync(join(project, 'program.ts'), program)
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: [],
      strict: true,
      declaration: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      outDir: 'out',
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
    run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], project)
  })
}

test('what was compiled runs', async () => {
  const { default: result } = await import(pathToFileURL(join(project, 'out/program.js')).href)
  assert.equal(result, 'a1')
})

test('where there is no database, here in Node, a bus with a log goes on in memory', () => {
  const code = `
    import { BaseEvent, EventBus } from 'bubus'
    const bus = new EventBus({ name: 'Kept', log: 'kept' })
    bus.on('A', () => 'handled')
    const result = await bus.dispatch(new BaseEvent('A')).eventResult()
    await bus.ready
    await bus.stop({ clear: true })
    if (result !== 'handled') throw new Error(result)
  `
  run(process.execPath, ['--input-type=module', '--eval', code], project)
})

test('its source maps name sources that are in the package, or hold them', () => {
  const packed = join(project, 'node_modules/bubus/dist')
  const maps = readdirSync(packed, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.map'),
  )
  assert.ok(maps.length > 2, String(maps))
  for (const map of maps) {
    const { sources, sourcesContent, sourceRoot = '' } = JSON.parse(readFileSync(join(packed, map), 'utf8'))
    const missing = sources.filter((source, i) => {
      return !sourcesContent?.[i] && !existsSync(join(packed, dirname(map), sourceRoot, source))
    })
    assert.deepEqual(missing, [], map)
  }
})
