/** Lets the page have its turn: rendering and input come first. */
function yieldToPage(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?(): Promise<void> } }
  if (scheduler?.yield) return scheduler.yield()
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    const go = () => {
      clearTimeout(timer)
      port1.close()
      resolve()
    }
    // WebKit may never deliver it where the page goes to rest meanwhile.
    const timer = setTimeout(go, 1000)
    port1.onmessage = go
    port2.postMessage(null)
  })
}

/** For long work: called after each step, it gives a promise to wait for whenever `ms` have been used up. */
export function slices(ms = 8): () => Promise<void> | undefined {
  let since = performance.now()
  let steps = 0
  return () => {
    // Clocks are slow: one reading for a few steps.
    if (++steps & 7 || performance.now() - since < ms) return undefined
    return yieldToPage().then(() => {
      since = performance.now()
    })
  }
}
