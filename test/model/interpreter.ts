// Runs a program on real buses, in the page, and notes what happens.
//
// After each stretch of the program outside the page comes to rest: nothing is measured in time. Real time passes only where
// a program has handlers or `expect`s that are to time out.

import { BaseEvent } from '../../src/index.js'
import { asyncHandler, syncHandler } from './handler-code.js'
import { follow } from './model.js'
import type { Action, HandlerPlan, Program } from './program.js'
import { shortTimeout } from './program.js'
import { rest } from './recorder.js'
import { probe, type Trace } from './trace.js'
import { handlerName, type Pending, World } from './world.js'

const silent: HandlerPlan = { async: false, short: false, twice: false, steps: [], end: 'nothing' }

export async function run(program: Program): Promise<Trace> {
  const world = new World(program)
  const isOwed = follow(program)
  const settle = async () => {
    const statuses = () => world.events.map(({ eventStatus }) => eventStatus)
    await rest(world, () => isOwed(world.entries, statuses()))
    world.add({ k: 'rest', statuses: statuses() })
  }
  registerAll(world, program)
  for (const stretch of program.main) {
    for (const action of stretch) act(world, action)
    await settle()
  }
  for (let gate = 0; gate < world.gates.length; gate++) world.open(gate)
  await settle()
  world.never.resolve()
  await settle()
  const events = world.pending.size > 0 ? [] : await world.facts()
  const entries = [...world.entries]
  const unsettled = [...world.pending]
  await Promise.race([Promise.all(world.buses.map((bus) => bus.stop({ clear: true }))), afterAWhile()])
  return { entries, events, unsettled }
}

function registerAll(world: World, { buses }: Program): void {
  for (const [index, { handlers }] of buses.entries()) {
    const bus = world.buses[index]
    for (const [number, { on, does }] of handlers.entries()) {
      if (typeof does === 'number') {
        bus.on(on, world.buses[(index + does) % buses.length].dispatch)
        continue
      }
      const handler = (does.async ? asyncHandler : syncHandler)(world, does, index, number)
      const options = { name: handlerName(number), ...(does.short && { timeout: shortTimeout }) }
      bus.on(on, handler, options)
      if (does.twice) bus.on('*', handler, options)
    }
    bus.on('*', syncHandler(world, silent, index, probe), { name: handlerName(probe) })
  }
}

/** One action of the program outside; what it has to wait for, it waits for in the background. */
function act(world: World, action: Action): void {
  const { buses, events } = world
  switch (action.do) {
    case 'dispatch': {
      const bus = action.bus % buses.length
      if (!world.isFull(null)) world.dispatch(new BaseEvent(action.type), bus, buses[bus], null, 'unknown')
      break
    }
    case 'redispatch': {
      if (events.length === 0) break
      const bus = action.bus % buses.length
      world.dispatch(events[action.event % events.length], bus, buses[bus], null, 'unknown')
      break
    }
    case 'await':
      if (events.length > 0)
        void watch(world.wait(null, [action.event % events.length], 'unknown', action.as))
      break
    case 'expect': {
      const bus = action.bus % buses.length
      void watch(world.expect(bus, action.type, buses[bus], null))
      break
    }
    case 'open':
      world.open(action.gate % world.gates.length)
      break
    case 'idle':
      void watch(world.idle(action.bus % buses.length, null))
      break
    case 'stop':
      world.stop(action.bus % buses.length, action.patient)
      break
  }
}

async function watch(pending: Pending): Promise<void> {
  try {
    pending.settled(null, await pending.on)
  } catch (error) {
    pending.settled(error)
  }
}

const afterAWhile = () => new Promise((resolve) => setTimeout(resolve, 1000))
