import type { BenchCase } from './bench-case.js'
import { abxbusAwaitEach } from './cases/abxbus-await-each.js'
import { abxbusBurst } from './cases/abxbus-burst.js'
import { buses } from './cases/buses.js'
import { children } from './cases/children.js'
import { emittery } from './cases/emittery.js'
import { handlers } from './cases/handlers.js'
import { history } from './cases/history.js'
import { inspector } from './cases/inspector.js'
import { logWrites } from './cases/log.js'
import { logRecovery } from './cases/log-recovery.js'
import { mittCase } from './cases/mitt.js'
import { oursAsyncHandler } from './cases/ours-async-handler.js'
import { oursAwaitEach } from './cases/ours-await-each.js'
import { oursBurst } from './cases/ours-burst.js'
import { oursBurstUnlimited } from './cases/ours-burst-unlimited.js'
import { oursConstruct } from './cases/ours-construct.js'
import { oursNativeListener } from './cases/ours-native-listener.js'
import { slots } from './cases/slots.js'
import { tabs } from './cases/tabs.js'
import { tasks } from './cases/tasks.js'
import { worker } from './cases/worker.js'
import { yardstick } from './cases/yardstick.js'

/** In the order in which every round runs them. */
export const cases: readonly BenchCase[] = [
  yardstick,
  mittCase,
  emittery,
  abxbusBurst,
  abxbusAwaitEach,
  oursBurst,
  oursAwaitEach,
  oursConstruct,
  oursNativeListener,
  oursAsyncHandler,
  oursBurstUnlimited,
  ...history,
  ...buses,
  ...children,
  ...handlers,
  ...tasks,
  ...logWrites,
  ...logRecovery,
  ...tabs,
  ...worker,
  ...slots,
  ...inspector,
]
