import { css, html, LitElement, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { shop } from '../buses.js'
import { itemsOf, money } from '../catalogue.js'
import { type Carrier, InvoiceRequested, NoticeShown, ReshipRequested } from '../events.js'
import { carrierNames } from '../services/carriers.js'
import { type Order, orderBook, type Progress, type Stop, stops } from '../services/orders.js'
import { shared } from '../styles.js'
import { inWords } from '../words.js'

const stopNames: Record<Stop, string> = {
  stock: 'Stock',
  payment: 'Payment',
  carrier: 'Carrier',
  door: 'Your door',
}

const stateNames: Record<Progress['state'], string> = {
  waiting: 'not yet',
  running: 'in progress',
  done: 'done',
  failed: 'failed',
}

export class OrderList extends LitElement {
  #life = new AbortController()
  /** What was settled last. That something has begun is for eyes only: read out, it would be in the way of what came of it. */
  #news = ''
  #place: Element | null = null
  readonly #states = new Map<string, Progress['state']>()
  /** What a worker has drawn, as URLs. */
  readonly #invoices = new Map<string, string>()

  static override styles = [
    shared,
    css`
      article + article {
        margin-block-start: 1rem;
        padding-block-start: 1rem;
        border-block-start: 1px solid var(--line);
      }

      h3 {
        font-size: 0.9375rem;
        font-weight: 600;
      }

      .stops {
        display: grid;
        grid-template-columns: repeat(4, minmax(0, 1fr));
        margin-block-start: 0.25rem;
      }

      .stop {
        --tone: var(--edge);
        position: relative;
        padding-block-start: 1.625rem;
        padding-inline-end: 0.75rem;
        font-size: 0.8125rem;
        line-height: 1.4;
      }

      .stop::before {
        content: '';
        position: absolute;
        inset: 0.25rem auto auto 0;
        z-index: 1;
        inline-size: 1rem;
        block-size: 1rem;
        border: 2px solid var(--tone);
        border-radius: 50%;
        background: var(--surface);
      }

      .stop:not(:last-child)::after {
        content: '';
        position: absolute;
        inset: 0.6875rem 0 auto 1rem;
        block-size: 2px;
        background: var(--line);
      }

      .done {
        --tone: var(--good);
      }

      .done::before {
        background: radial-gradient(circle, var(--good) 48%, transparent 52%);
      }

      .done:not(:last-child)::after {
        background: var(--good);
      }

      .running {
        --tone: var(--busy);
      }

      .running::before {
        border-block-start-color: transparent;
        animation: turn 0.9s linear infinite;
      }

      .failed {
        --tone: var(--bad);
      }

      .failed::before {
        background:
          linear-gradient(45deg, transparent 44%, var(--bad) 44% 56%, transparent 56%),
          linear-gradient(-45deg, transparent 44%, var(--bad) 44% 56%, transparent 56%);
      }

      /* Where backgrounds and colours are the reader's, shapes have to tell the states apart. */
      @media (forced-colors: active) {
        .stop::before,
        .stop::after {
          forced-color-adjust: none;
        }

        .stop {
          --line: GrayText;
          --edge: GrayText;
          --surface: Canvas;
          --good: CanvasText;
          --busy: Highlight;
          --bad: CanvasText;
        }
      }

      .waiting {
        color: var(--muted);
      }

      .stop b {
        display: block;
        font-weight: 600;
      }

      .stop p {
        color: var(--muted);
        overflow-wrap: anywhere;
      }

      .stop.failed p {
        color: var(--bad);
      }

      .again {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        margin-block-start: 0.75rem;
      }

      .invoice {
        display: block;
        max-inline-size: 100%;
        margin-block-start: 0.75rem;
      }

      @keyframes turn {
        to {
          rotate: 1turn;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        .running::before {
          border-block-start-color: var(--busy);
          background: radial-gradient(circle, var(--busy) 24%, transparent 28%);
        }
      }

      @media (width < 30rem) {
        .stops {
          grid-template-columns: 1fr;
        }

        .stop {
          padding: 0.0625rem 0 0.625rem 1.75rem;
        }

        .stop:not(:last-child)::after {
          inset: 1.25rem auto -0.25rem 0.4375rem;
          inline-size: 2px;
          block-size: auto;
        }
      }
    `,
  ]

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    orderBook.addEventListener('change', this.#changed, { signal: this.#life.signal })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
  }

  readonly #changed = () => {
    for (const { id, progress } of orderBook.orders) {
      for (const stop of stops) {
        const { state, note } = progress[stop]
        if (this.#states.get(id + stop) === state) continue
        this.#states.set(id + stop, state)
        if (state === 'done' || state === 'failed') this.#news = `${id}, ${stopNames[stop]}: ${note}`
      }
    }
    this.requestUpdate()
  }

  /** A button that has done its part goes, and would take the keyboard's place in the page with it. */
  protected override willUpdate(): void {
    this.#place = this.shadowRoot?.activeElement?.closest('article') ?? null
  }

  protected override updated(): void {
    if (this.#place && !this.shadowRoot?.activeElement) this.#place.querySelector('h3')?.focus()
  }

  protected override render() {
    const { orders } = orderBook
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar"><h2 id="title">Orders</h2></div>
        ${orders.length === 0 ? html`<p class="empty">Place an order and follow it from stop to stop.</p>` : nothing}
        ${repeat(orders, ({ id }) => id, this.#order)}
        <p class="hidden" role="status">${this.#news}</p>
      </section>
    `
  }

  readonly #order = (order: Order) => html`
    <article aria-label=${order.id}>
      <div class="bar">
        <h3 tabindex="-1">${order.id}</h3>
        <span class="muted small number">
          ${itemsOf(order.lines)} · ${money(order.amount)} · ${carrierNames[order.carrier]}
        </span>
      </div>
      <ol class="stops">
        ${stops.map((stop) => this.#stop(stop, order.progress[stop]))}
      </ol>
      ${order.progress.carrier.state === 'failed' ? this.#otherCarriers(order) : nothing}
      ${order.progress.payment.state === 'done' ? this.#invoice(order) : nothing}
    </article>
  `

  #stop(stop: Stop, { state, note }: Progress) {
    return html`
      <li class="stop ${state}" data-stop=${stop}>
        <b>${stopNames[stop]}<span class="hidden">: ${stateNames[state]}</span></b>
        <p>${note}</p>
      </li>
    `
  }

  #otherCarriers(order: Order) {
    const others = (Object.keys(carrierNames) as Carrier[]).filter((carrier) => carrier !== order.carrier)
    return html`
      <div class="again">
        ${others.map(
          (carrier) => html`
            <button type="button" @click=${() => this.#shipAgain(order, carrier)}>
              Ship with ${carrierNames[carrier]}
            </button>
          `,
        )}
      </div>
    `
  }

  #invoice(order: Order) {
    const url = this.#invoices.get(order.id)
    return url
      ? html`<img class="invoice" src=${url} alt="Invoice of ${order.id}" />`
      : html`<div class="again">
          <button type="button" @click=${() => this.#drawInvoice(order)}>Invoice</button>
        </div>`
  }

  async #drawInvoice({ id: orderId, lines, amount }: Order) {
    try {
      const drawn = await shop
        .dispatch(new InvoiceRequested({ orderId, lines: [...lines], amount }))
        .eventResult()
      const blob = new Blob([drawn?.svg ?? ''], { type: 'image/svg+xml' })
      this.#invoices.set(orderId, URL.createObjectURL(blob))
      this.requestUpdate()
    } catch (error) {
      shop.dispatch(new NoticeShown({ text: `${orderId}: ${inWords(error)}`, tone: 'bad' }))
    }
  }

  async #shipAgain({ id: orderId }: Order, carrier: Carrier) {
    const again = new ReshipRequested({ orderId, carrier })
    this.dispatchEvent(again)
    try {
      await again.eventResult()
    } catch (error) {
      shop.dispatch(new NoticeShown({ text: `${orderId}: ${inWords(error)}`, tone: 'bad' }))
    }
  }
}

customElements.define('order-list', OrderList)
