import { uuidv7 } from '../../src/ids.js'
import { type Segment, seal } from '../../src/log/segment.js'

/** A connection past the library; it has no `versionchange` handler, so it blocks whoever wants to upgrade or delete. */
export function rawOpen(
  name: string,
  version?: number,
  upgrade?: (db: IDBDatabase) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`bubus:${name}`, version)
    request.onupgradeneeded = () => upgrade?.(request.result)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

export const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** One transaction over one store of a log's database, of a connection that is closed again; gives what the last request gave. */
export async function inStore<T>(
  name: string,
  store: string,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const db = await rawOpen(name)
  try {
    const tx = db.transaction(store, 'readwrite')
    const request = act(tx.objectStore(store))
    await new Promise((resolve, reject) => {
      tx.oncomplete = resolve
      tx.onabort = () => reject(tx.error)
    })
    return request.result
  } finally {
    db.close()
  }
}

/** Rows of a store with their numbers. */
export async function rowsOf<T = Segment>(name: string, store = 'wal'): Promise<[number, T][]> {
  const keys = await inStore(name, store, (it) => it.getAllKeys())
  const values = await inStore(name, store, (it) => it.getAll())
  return values.map((value, i) => [Number(keys[i]), value as T])
}

/** Changes the newest row of `wal`, or the one of a number; the rest of it stays, its checksum too. */
export async function changeRow(
  name: string,
  change: (row: Segment) => unknown,
  seq?: number,
): Promise<void> {
  const rows = await rowsOf(name)
  const [key, row] = rows.find(([it]) => it === seq) ?? rows[rows.length - 1]
  await inStore(name, 'wal', (it) => it.put(change(row), key))
}

/**
 * Runs in a worker. A transaction lives as long as it is asked for something: one request after another would keep two cores busy. Only
 * here one may sleep in the midst of a transaction.
 */
function holding() {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const memory = new Int32Array(buffer)
  const released = new Set<number>()
  const hold = (id: number, name: string, store: string, mode: IDBTransactionMode) => {
    const opening = indexedDB.open(name)
    opening.onsuccess = () => {
      const db = opening.result
      const tx = db.transaction(store, mode)
      const ask = () => {
        tx.objectStore(store).get(-1).onsuccess = goOn
      }
      let isTold = false
      const goOn = () => {
        if (!isTold) postMessage(id)
        isTold = true
        Atomics.wait(memory, 0, 0, 10)
        if (!released.has(id)) ask()
      }
      ask()
      tx.oncomplete = () => {
        db.close()
        postMessage(id)
      }
    }
  }
  addEventListener('message', ({ data: { id, what } }) => {
    if (what) hold(id, ...(what as [string, string, IDBTransactionMode]))
    else released.add(id)
  })
}

let holder: Worker | undefined
let holds = 0

/** Keeps a transaction over a store open until `release` is called: all writes wait behind it, and behind a readwrite one reads, too. */
export async function holdStore(
  name: string,
  store = 'wal',
  mode: IDBTransactionMode = 'readwrite',
): Promise<() => Promise<void>> {
  holder ??= new Worker(URL.createObjectURL(new Blob([`(${holding})()`])))
  const worker = holder
  const id = holds++
  const told = () =>
    new Promise<void>((resolve, reject) => {
      worker.addEventListener('error', ({ message }) => reject(new Error(message)), { once: true })
      worker.addEventListener('message', function listen({ data }) {
        if (data !== id) return
        worker.removeEventListener('message', listen)
        resolve()
      })
    })
  const held = told()
  worker.postMessage({ id, what: [`bubus:${name}`, store, mode] })
  await held
  const over = told()
  return () => {
    worker.postMessage({ id })
    return over
  }
}

const busId = uuidv7(Date.now(), 1)
let ids = 1

/** The line that accepts an event, as some earlier page has written it. */
export function accepted(
  type: string,
  {
    payload = {},
    id = uuidv7(Date.now(), ids++),
    ...more
  }: { payload?: object; id?: string; [key: string]: unknown } = {},
): { id: string; line: string } {
  const record = {
    ...payload,
    event_type: type,
    event_id: id,
    event_schema: `${type}@1.0.0`,
    event_timeout: 60,
    event_parent_id: null,
    event_path: ['Old'],
    event_created_at: new Date().toISOString(),
    event_bus_ids: [busId],
    event_entry: 'E',
    event_by: null,
    ...more,
  }
  return { id, line: `${JSON.stringify(record)}\n` }
}

/** Any other line. */
export const said = (kind: string, id: string, more: object = {}): string =>
  `${JSON.stringify({ event_entry: kind, event_id: id, ...more })}\n`

/** Appends a segment of a writer that is dead: nobody holds its lock. The database must be there. */
export const plant = (
  name: string,
  lines: string[],
  more: Partial<Segment> & object = {},
): Promise<IDBValidKey> => plantAll(name, [lines], more)

/** Appends one such segment after the other, in one transaction. */
export function plantAll(
  name: string,
  segments: string[][],
  { writer = 'dead', bus = name, wseq = 0, ...more }: Partial<Segment> & object = {},
): Promise<IDBValidKey> {
  return inStore(name, 'wal', (it) => {
    const added = segments.map((lines, i) => it.add({ ...seal(writer, wseq + i, bus, lines), ...more }))
    return added[added.length - 1]
  })
}
