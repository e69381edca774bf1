import { css, html, LitElement, nothing } from 'lit'
import { shop } from '../buses.js'
import { NoticeShown } from '../events.js'
import { shared } from '../styles.js'

/** Shows the latest notice until it is closed or followed by another: nobody has to read against a clock. */
export class NoticeBar extends LitElement {
  static override properties = { notice: { state: true } }

  declare notice: NoticeShown | null
  #life = new AbortController()

  static override styles = [
    shared,
    css`
      :host {
        position: fixed;
        z-index: 2;
        inset: 0.75rem 0 auto;
        pointer-events: none;
      }

      /* Not over the event tree, which stands on the right. */
      @media (width >= 75rem) {
        :host {
          inset-inline-end: 41%;
        }
      }

      .notice {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        inline-size: fit-content;
        max-inline-size: calc(100% - 2rem);
        margin-inline: auto;
        padding: 0.375rem 0.375rem 0.375rem 1rem;
        border: 1px solid var(--tone);
        border-radius: 999px;
        background: var(--raised);
        box-shadow: 0 6px 24px rgb(0 0 0 / 18%);
        pointer-events: auto;
        animation: rise 0.2s ease-out;
      }

      .notice::before {
        content: '';
        flex: none;
        inline-size: 0.625rem;
        block-size: 0.625rem;
        border-radius: 50%;
        background: var(--tone);
      }

      .good {
        --tone: var(--good);
      }

      .warn {
        --tone: var(--warn);
      }

      .bad {
        --tone: var(--bad);
      }

      button {
        min-block-size: 2rem;
        inline-size: 2rem;
        padding: 0;
        border-color: transparent;
        border-radius: 50%;
        background: none;
        font-size: 1.125rem;
        line-height: 1;
      }

      @keyframes rise {
        from {
          opacity: 0;
          translate: 0 -0.5rem;
        }
      }
    `,
  ]

  constructor() {
    super()
    this.notice = null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    shop.on(
      NoticeShown,
      (event) => {
        this.notice = event
      },
      { name: 'NoticeBar.show', signal: this.#life.signal },
    )
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
  }

  protected override render() {
    const { notice } = this
    return html`
      <div role="status">
        ${
          notice
            ? html`
              <div class="notice ${notice.tone}">
                <span>${notice.text}</span>
                <button type="button" aria-label="Close the notice" @click=${this.#close}>×</button>
              </div>
            `
            : nothing
        }
      </div>
    `
  }

  #close() {
    this.notice = null
  }
}

customElements.define('notice-bar', NoticeBar)
