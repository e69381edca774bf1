/**
 * Calls `rest` when the page goes to rest (left, in the back/forward cache, or frozen) and `wake` when it is back. A page at rest must
 * hold nothing that other tabs wait for.
 */
export function onRest(rest: () => void, wake: () => void, signal?: AbortSignal): void {
  const on = (target: EventTarget | undefined, away: string, back: string) => {
    target?.addEventListener?.(away, rest, { signal } as AddEventListenerOptions)
    target?.addEventListener?.(back, wake, { signal } as AddEventListenerOptions)
  }
  on(globalThis, 'pagehide', 'pageshow')
  on(globalThis.document, 'freeze', 'resume')
}
