/**
 * Calls `rest` when the page goes to rest (left, in the back/forward cache, or frozen) and `wake` when it is back. A page at rest must
 * hold nothing that other tabs wait for.
 */
export function onRest(rest: () => void, wake: () => void, signal?: AbortSignal): void {
  const options = signal && { signal }
  for (const target of [globalThis, globalThis.document]) {
    for (const type of ['pagehide', 'freeze']) target?.addEventListener?.(type, rest, options)
    for (const type of ['pageshow', 'resume']) target?.addEventListener?.(type, wake, options)
  }
}
