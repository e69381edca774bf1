import { css, html, LitElement } from 'lit'
import { catalogue, money, type Product } from '../catalogue.js'
import { ItemAdded } from '../events.js'
import { artOf } from '../product-art.js'
import { shared } from '../styles.js'

export class ProductCard extends LitElement {
  static override properties = { product: { attribute: false }, left: { type: Number } }

  declare product: Product
  declare left: number

  static override styles = [
    shared,
    css`
      :host,
      article {
        block-size: 100%;
      }

      article {
        display: grid;
        grid-template-rows: auto 1fr auto;
        gap: 0.625rem;
        padding: 0.625rem;
      }

      .art {
        --art-a: light-dark(#2f6f60, #6fbfa9);
        --art-b: light-dark(#f0c36a, #f0c877);
        --art-c: light-dark(#1f4a41, #3c7f70);
        display: grid;
        place-items: center;
        border-radius: 8px;
        background: light-dark(#e7ece4, #20282a);
      }

      .art[data-sku='notebook'] {
        --art-a: light-dark(#b4523b, #e08c72);
        --art-b: light-dark(#f4e3d3, #f7e6d8);
        --art-c: light-dark(#86382a, #a85a47);
        background: light-dark(#f3e6de, #2b2220);
      }

      .art[data-sku='lamp'] {
        --art-a: light-dark(#c98a1b, #e9b75a);
        --art-b: light-dark(#e9b23f, #f3cf7f);
        --art-c: light-dark(#5b4a2f, #a98d5d);
        background: light-dark(#f5ecd5, #29251b);
      }

      .art[data-sku='radio'] {
        --art-a: light-dark(#3f5f94, #86a9e0);
        --art-b: light-dark(#f1d9a5, #f6e2b6);
        --art-c: light-dark(#273d63, #46669d);
        background: light-dark(#e4e9f1, #1e242e);
      }

      .art[data-sku='fern'] {
        --art-a: light-dark(#b7694a, #dd9672);
        --art-b: light-dark(#4f8a4d, #84c281);
        --art-c: light-dark(#356b38, #5a9a5b);
        background: light-dark(#e8eddd, #212719);
      }

      .art[data-sku='socks'] {
        --art-a: light-dark(#7a4f86, #bb93c7);
        --art-b: light-dark(#f0d3c9, #f5dfd7);
        --art-c: light-dark(#553463, #83598f);
        background: light-dark(#eee5ef, #282129);
      }

      svg {
        inline-size: min(100%, 7rem);
        aspect-ratio: 1;
      }

      h3 {
        font-size: 0.9375rem;
        font-weight: 600;
        line-height: 1.35;
      }

      .buy {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 0.5rem;
      }

      @media (width < 26rem) {
        article.panel {
          padding: 0.625rem;
        }

        button {
          padding-inline: 0.625rem;
        }
      }

      .buy .small {
        white-space: nowrap;
      }

      .scarce {
        color: var(--warn);
        font-weight: 550;
      }
    `,
  ]

  constructor() {
    super()
    this.product = catalogue[0]
    this.left = 0
  }

  protected override render() {
    const { sku, name, about, price } = this.product
    const scarce = this.left <= 3
    return html`
      <article class="panel" aria-label=${name}>
        <div class="art" data-sku=${sku}>${artOf(sku)}</div>
        <div>
          <h3>${name}</h3>
          <p class="muted small">${about}</p>
        </div>
        <div class="buy">
          <div>
            <div class="number">${money(price)}</div>
            <div class="small number ${scarce ? 'scarce' : 'muted'}">${this.left || 'None'} left</div>
          </div>
          <button type="button" aria-label="Add ${name} to the cart" @click=${this.#add}>Add</button>
        </div>
      </article>
    `
  }

  /** An ordinary DOM event: the document hands it to the bus. Whether it may happen is not this card's business. */
  #add() {
    this.dispatchEvent(new ItemAdded({ sku: this.product.sku }))
  }
}

customElements.define('product-card', ProductCard)
