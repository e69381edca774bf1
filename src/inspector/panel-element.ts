import { LitElement } from 'lit'

/** An element that does not lose the focus to the page, nor its styles when it is moved to another document. */
export class PanelElement extends LitElement {
  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    if (this.ownerDocument === document) return super.createRenderRoot()
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    this.adoptedCallback()
    return root
  }

  /** A sheet belongs to the document that it was made in: another one gets its own. */
  adoptedCallback(): void {
    void import('./adopt.js').then(({ addStyles }) => this.shadowRoot && addStyles(this.shadowRoot))
  }

  protected override performUpdate(): void {
    const focused = this.shadowRoot?.activeElement
    super.performUpdate()
    if (focused && (!focused.isConnected || focused.matches(':disabled')))
      this.renderRoot.querySelector<HTMLElement>('[role=toolbar] [tabindex="0"]')?.focus()
  }
}
