// Uses all of the inspector where a policy allows only what comes from here, with the two files of a script tag.

addEventListener('error', ({ message }) => parent.postMessage({ failed: message }, '*'))
const violations = []
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
  violations.push(`${violatedDirective} ${blockedURI} ${sample}`),
)
const { BaseEvent, EventBus } = await import('/dist/bubus.min.js')
await import('/dist/bus-inspector.min.js')
// As an application has it in its own files.
const bundled = await import('/src/index.ts')
const frames = async (count) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => requestAnimationFrame(resolve))
}
/** Rows, details and a file come when they are there: later where the machine is busy. */
const until = async (holds) => {
  const end = performance.now() + 12_000
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It did not come: ${holds}`)
    await frames(1)
  }
}
const inspector = document.querySelector('bus-inspector')
const bus = new EventBus({ name: 'Strict' })
bus.on('Order', function place(event, { bus: here }) {
  here.dispatch(new BaseEvent('Child', { order: event.eventId }))
  if (event.eventPayload.i === 1) throw new Error('no')
  return { ok: true }
})
const loaded = performance.getEntriesByType('resource').length
for (let i = 0; i < 3; i++)
  bus.dispatch(new BaseEvent('Order', { i, markup: '<img src=/x onerror=alert(1)>', deep: { a: [1] } }))
await bus.waitUntilIdle()
await new bundled.EventBus({ name: 'Bundled' }).dispatch(new bundled.BaseEvent('FromTheBundle'))
const root = inspector.shadowRoot
const bundledRow = () =>
  [...root.querySelectorAll('.row')].some((one) => one.textContent.includes('FromTheBundle'))
await until(bundledRow)
const click = async (selector) => {
  await until(() => root.querySelector(selector))
  root.querySelector(selector).click()
  await inspector.updateComplete
  await frames(2)
}
await click('.row')
await click('.detail summary')
await click('[data-action="more"]')
await click('summary')
await click('[data-action="export"]')
await click('[data-action="pause"]')
await click('[data-action="next-error"]')
inspector.filter = 'type:Order "img"'
await inspector.updateComplete
await inspector.importJSONL(await new Response(inspector.export({ events: 'all' })).text())
await until(() => root.querySelectorAll('.row').length > 3)
const row = root.querySelector('.row')
const panel = getComputedStyle(root.querySelector('.panel'))
const found = [...violations]
const requests = performance.getEntriesByType('resource').length - loaded
const image = new Image()
image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='
document.body.append(image)
for (let i = 0; i < 100 && violations.length === found.length; i++) await frames(1)
parent.postMessage(
  {
    violations: found,
    witness: violations.at(-1),
    buses: [...root.querySelectorAll('.bus-button')].map(({ dataset }) => dataset.bus),
    bundled: true,
    requests,
    rows: root.querySelectorAll('.row').length,
    rowHeight: row.getBoundingClientRect().height,
    font: panel.fontSize,
    status: getComputedStyle(row.querySelector('.icon')).color,
    images: root.querySelectorAll('img').length,
    detail: root.querySelector('#detail').textContent.includes('Order'),
  },
  '*',
)
