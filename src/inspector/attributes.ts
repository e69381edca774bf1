export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** Declared in markup nothing throws: what an attribute or property cannot mean is told once, and the default holds. */
function numberIn(name: string, least: number, most: number, fallback: number) {
  return {
    fromAttribute(text: string | number | null): number {
      const value = Number(text ?? fallback)
      if (value >= least && value <= most) return value
      warnOnce(name, `from ${least} to ${most}`, text, fallback)
      return fallback
    },
  }
}
const warned = new Set<string>()
export function warnOnce(name: string, expected: string, got: unknown, used: unknown): void {
  if (warned.has(name)) return
  warned.add(name)
  console.warn(
    `bubus: <bus-inspector>: expected \`${name}\` to be ${expected}, got ${JSON.stringify(got)}; it is ${used}`,
  )
}

/** The element's properties, and the attributes that some of them have. */
export const properties = {
  open: {
    reflect: true,
    converter: {
      fromAttribute: (text: string | null) => text !== null && text !== 'false',
      toAttribute: (open: boolean) => (open ? '' : null),
    },
  },
  theme: { reflect: true },
  paused: { type: Boolean, reflect: true },
  preserve: { type: Boolean, reflect: true },
  snapshot: { type: Boolean, reflect: true },
  filter: { type: String },
  maxRows: { attribute: 'max-rows', converter: numberIn('max-rows', 100, 10_000_000, 10_000) },
  refreshHz: { attribute: 'refresh-hz', converter: numberIn('refresh-hz', 1, 60, 10) },
  persistKey: { attribute: 'persist-key' },
  buses: { attribute: false },
  redact: { attribute: false },
  formatters: { attribute: false },
  columns: { attribute: false },
  sort: { attribute: false },
} as const
