import { LitElement } from 'lit'

/** An element that does not lose the focus to the page. */
export class PanelElement extends LitElement {
  protected override performUpdate(): void {
    const focused = this.shadowRoot?.activeElement
    super.performUpdate()
    if (focused && (!focused.isConnected || focused.matches(':disabled')))
      this.renderRoot.querySelector<HTMLElement>('[role=toolbar] [tabindex="0"]')?.focus()
  }
}
