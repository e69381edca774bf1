/** What `dist/bubus.min.js` has: a script tag has no second file. */
export { TabBridge } from './bridges/tab-bridge.js'
export { exposeBus, WorkerBridge } from './bridges/worker-bridge.js'
export * from './index.js'
export { EventLog } from './log/event-log.js'
