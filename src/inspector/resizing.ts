/** A separator that is dragged, and moved by keys: 1 for each arrow, 5 with Page keys, all the way with Home and End. */
interface Resizing {
  value: number
  least: number
  most: number
  /** How much of `value` a pixel is, towards larger. */
  perPixel: number
  /** Along which way it is dragged. */
  axis: 'x' | 'y'
  change(value: number): void
}

type Input = PointerEvent | KeyboardEvent
type Change = (value: number) => void

/** The share of the details, in percent: at the side, or below where there is little room. */
export function resizeDetail(event: Input, handle: HTMLElement, value: number, change: Change): void {
  const main = handle.parentElement as HTMLElement
  const beside = getComputedStyle(main).flexDirection === 'row'
  const perPixel = -100 / (beside ? main.clientWidth : main.clientHeight)
  resize(event, handle, { value, least: 15, most: 85, perPixel, axis: beside ? 'x' : 'y', change })
}

/** The width of a column, in px: its handle is at its left. */
export const resizeColumn = (event: Input, handle: HTMLElement, value: number, change: Change): void =>
  resize(event, handle, { value, least: 40, most: 400, perPixel: -1, axis: 'x', change })

/** By a pointer or by keys. */
function resize(event: PointerEvent | KeyboardEvent, handle: HTMLElement, resizing: Resizing): void {
  if (event instanceof KeyboardEvent) keyed(event, resizing)
  else dragged(event, handle, resizing)
}

/** Follows a drag until the pointer is let go. */
function dragged(
  event: PointerEvent,
  handle: HTMLElement,
  { value, perPixel, axis, least, most, change }: Resizing,
): void {
  // It may be over before this was loaded.
  if (event.button !== 0 || (event.isTrusted && !handle.matches(':active'))) return
  const start = axis === 'x' ? event.clientX : event.clientY
  const ended = new AbortController()
  const { signal } = ended
  handle.setPointerCapture(event.pointerId)
  handle.addEventListener(
    'pointermove',
    (move) => {
      const now = axis === 'x' ? move.clientX : move.clientY
      change(Math.max(least, Math.min(most, value + (now - start) * perPixel)))
    },
    { signal },
  )
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture']) {
    handle.addEventListener(type, () => ended.abort(), { signal })
  }
}

/** The same with keys. */
function keyed(event: KeyboardEvent, { value, least, most, perPixel, change }: Resizing): void {
  const way = perPixel < 0 ? -1 : 1
  const steps: Record<string, number> = {
    ArrowLeft: -1 * way,
    ArrowUp: -1 * way,
    ArrowRight: way,
    ArrowDown: way,
    PageUp: 5 * way,
    PageDown: -5 * way,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  }
  const step = steps[event.key]
  if (step === undefined) return
  change(Math.max(least, Math.min(most, value + step * Math.max(1, Math.abs(2 * perPixel)))))
}
