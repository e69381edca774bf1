import { css, html, LitElement } from 'lit'
import { shared } from '../styles.js'

const themes = { 'light dark': 'Auto', light: 'Light', dark: 'Dark' }

/** `light-dark()` follows `color-scheme`, so one property of the root element is the whole theme. */
export class ThemeSwitch extends LitElement {
  static override styles = [
    shared,
    css`
      fieldset {
        display: flex;
        padding: 0.1875rem;
        border: 1px solid var(--line);
        border-radius: 999px;
        background: var(--surface);
      }

      label {
        position: relative;
        padding: 0.1875rem clamp(0.4375rem, 1.5vw, 0.75rem);
        border-radius: 999px;
        font-size: 0.8125rem;
        color: var(--muted);
        cursor: pointer;
      }

      label:has(:checked) {
        background: var(--accent-soft);
        color: var(--accent);
        font-weight: 600;
      }

      @media (forced-colors: active) {
        label:has(:checked) {
          outline: 1px solid Highlight;
        }
      }

      label:has(:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 1px;
      }
    `,
  ]

  protected override render() {
    return html`
      <fieldset @change=${this.#change}>
        <legend class="hidden">Theme</legend>
        ${Object.entries(themes).map(
          ([scheme, name], index) => html`
            <label><input class="hidden" type="radio" name="theme" value=${scheme} ?checked=${index === 0} />${name}</label>
          `,
        )}
      </fieldset>
    `
  }

  #change(change: Event) {
    document.documentElement.style.colorScheme = (change.target as HTMLInputElement).value
  }
}

customElements.define('theme-switch', ThemeSwitch)
