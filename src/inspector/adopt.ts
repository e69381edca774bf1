import type { CSSResult } from 'lit'

/** What shadow roots are styled with. */
const stylesOf = new WeakMap<ShadowRoot, Set<CSSResult>>()

/** Gives a shadow root styles that it has not yet, after those it has. */
export function addStyles(root: ShadowRoot, ...styles: CSSResult[]): void {
  const all = stylesOf.get(root) ?? new Set()
  for (const style of styles) all.add(style)
  stylesOf.set(root, all)
  const { defaultView } = root.ownerDocument
  // A sheet belongs to the document that it was made in: another one gets its own.
  root.adoptedStyleSheets = Array.from(all, ({ styleSheet, cssText }) => {
    if (defaultView === window || !defaultView) return styleSheet as CSSStyleSheet
    const sheet = new (defaultView as typeof globalThis & Window).CSSStyleSheet()
    sheet.replaceSync(cssText)
    return sheet
  })
}
