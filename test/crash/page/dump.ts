// Reads a log past the library, as it lies on the disk, and gives it to Node.

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

export async function rawOpen(log: string): Promise<IDBDatabase> {
  const request = indexedDB.open(`bubus:${log}`)
  // There was none: it must not come to be by our asking.
  request.onupgradeneeded = () => request.transaction?.abort()
  return asked(request)
}

const CHUNK = 200

/** All rows of a store, with their keys, in some pieces. */
export async function* rows(log: string, store: string): AsyncGenerator<{ seq: number; value: unknown }[]> {
  const db = await rawOpen(log)
  try {
    for (let next = -Infinity; ; ) {
      const range = IDBKeyRange.lowerBound(next, true)
      const [keys, values] = await both(db, store, range)
      if (!keys.length) return
      yield values.map((value, i) => ({ seq: keys[i] as number, value }))
      next = keys[keys.length - 1] as number
    }
  } finally {
    db.close()
  }
}

function both(db: IDBDatabase, store: string, range: IDBKeyRange): Promise<[IDBValidKey[], unknown[]]> {
  const from = db.transaction(store).objectStore(store)
  return Promise.all([asked(from.getAllKeys(range, CHUNK)), asked(from.getAll(range, CHUNK))])
}

/** What of the log is told to Node: `part` says whether it is the raw store, the quarantine, or what the library reads. */
export async function tell(log: string, part: string, lines: readonly unknown[]): Promise<void> {
  const body = lines.map((line) => JSON.stringify(line)).join('\n')
  await fetch(`/dump?log=${log}&part=${part}`, { method: 'POST', body })
}

export async function dump(log: string): Promise<void> {
  for (const store of ['wal', 'quarantine', 'summaries', 'ends', 'meta']) {
    for await (const some of rows(log, store)) await tell(log, store, some)
  }
}
