import type { CSSResult } from 'lit'

/** Gives a shadow root style sheets that it has not yet, after those it has. */
export function addStyles(root: ShadowRoot, ...styles: CSSResult[]): void {
  for (const { styleSheet } of styles) {
    if (styleSheet && !root.adoptedStyleSheets.includes(styleSheet)) {
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, styleSheet]
    }
  }
}
