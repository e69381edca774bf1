// Ten deliberate bugs. With `BUBUS_MUTANT=name` the test server serves the library with that one in it; the model test must
// notice each (`npm run test:mutants`). `find` occurs once in its file.

/** @type {Record<string, { file: string, find: string, replace: string } | { file: string, find: string, replace: string }[]>} */
export const mutants = {
  // An awaited event waits for its turn.
  'no-jump': {
    file: 'src/events/event-state.ts',
    find: 'if (this.urgent || this.status === COMPLETED) return',
    replace: 'if (this) return',
  },
  // While a handler waits, everything that is queued may start.
  'jump-all': {
    file: 'src/bus/run-loop.ts',
    find: 'if (this.#queue.live && (parallel || active === 0))',
    replace: 'if (this.#queue.live && (parallel || active === this.blocked))',
  },
  // Last in, first out.
  lifo: {
    file: 'src/fifo.ts',
    find: '[this.#in, this.#out] = [this.#out, this.#in.reverse()]',
    replace: '[this.#in, this.#out] = [this.#out, this.#in]',
  },
  // After an await the running handler is forgotten.
  'lost-parent': {
    file: 'src/running-handler.ts',
    find: 'page.current = run\n      page.entered = entered',
    replace: 'page.entered = entered',
  },
  // An event that comes back from the bus that it was forwarded to runs again, once.
  'double-run-after-forward': {
    file: 'src/bus/bus-core.ts',
    find: 'state.hideThen()\n      if (state.visit(this)) return event',
    replace: 'state.hideThen()\n      if (state.visit(this) && state.visits.length !== 2) return event',
  },
  // The last thing that an event waits for is not waited for.
  'early-completion': {
    file: 'src/events/event-state.ts',
    find: 'while (state && --state.open === 0)',
    replace: 'while (state && --state.open <= 1 && state.status !== COMPLETED)',
  },
  // What a timed-out or stopped handler dispatched goes on.
  'lost-cancel': {
    file: 'src/events/handler-run.ts',
    find: 'for (const child of this.children) child.cancel(cause)',
    replace: 'void cause',
  },
  // Of several that wait for an event only the first is told.
  'dropped-waiter': {
    file: 'src/events/event-state.ts',
    find: 'for (const observe of observers) observe(this.event)',
    replace: 'for (const observe of observers.slice(0, 1)) observe(this.event)',
  },
  // After a time-out the next event starts before the handlers that are left of this one.
  'wrong-order-after-time-out': {
    file: 'src/bus/visit.ts',
    find: 'this.#pending--\n    this.#advance()',
    replace: `this.#pending--
    if (this.#advancing || this.#pending > 0 || this.done) return
    const { lane } = this.core
    if (run.reason && this.#at < this.#plan.length) {
      lane.active--
      lane.drain()
      lane.active++
    }
    this.#advance()`,
  },
  // A handler's second child counts twice.
  'miscounted-children': {
    file: 'src/events/event-state.ts',
    find: 'parent.open++',
    replace: 'parent.open += run.children.length === 2 ? 2 : 1',
  },
}
