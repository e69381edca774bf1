import { type CSSResult, LitElement } from 'lit'
import { addStyles } from './adopt.js'

/** An element that does not lose the focus to the page, nor its styles when it is moved to another document. */
export class PanelElement extends LitElement {
  protected override createRenderRoot(): ShadowRoot {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    addStyles(root, ...((this.constructor as typeof LitElement).elementStyles as CSSResult[]))
    return root
  }

  adoptedCallback(): void {
    if (this.shadowRoot) addStyles(this.shadowRoot)
  }

  protected override performUpdate(): void {
    const focused = this.shadowRoot?.activeElement
    super.performUpdate()
    if (focused && (!focused.isConnected || focused.matches(':disabled')))
      this.renderRoot.querySelector<HTMLElement>('[role=toolbar] [tabindex="0"]')?.focus()
  }
}
