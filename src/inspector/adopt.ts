import type { CSSResult, LitElement } from 'lit'

/** What shadow roots are styled with beyond what their elements are. */
const stylesOf = new WeakMap<ShadowRoot, Set<CSSResult>>()

/** Gives a shadow root styles that it has not yet, after those it has; each in the document that it is in now. */
export function addStyles(root: ShadowRoot, ...styles: CSSResult[]): void {
  const { elementStyles } = root.host.constructor as typeof LitElement
  const all = stylesOf.get(root) ?? new Set(elementStyles as CSSResult[])
  for (const style of styles) all.add(style)
  stylesOf.set(root, all)
  const { defaultView } = root.ownerDocument
  // Of a template, or of a frame that is gone: nothing can be seen there, and no sheet be made.
  if (!defaultView) return
  root.adoptedStyleSheets = Array.from(all, ({ styleSheet, cssText }) => {
    if (defaultView === window) return styleSheet as CSSStyleSheet
    const sheet = new (defaultView as typeof globalThis & Window).CSSStyleSheet()
    sheet.replaceSync(cssText)
    return sheet
  })
}
