import { css } from 'lit'

/**
 * Two layers: `:host` and `.panel` shut the page out (inherited properties end at `.panel`, custom properties do not), and
 * every colour and size is a token that the page may set: see `tokens.ts`.
 */
export const panelStyles = css`
  :host {
    display: block;
    contain: content;
    width: 100%;
    height: var(--bus-inspector-height, 416px);
  }

  :host(:not([open])) {
    height: auto;
  }

  :host([hidden]) {
    display: none;
  }

  .panel {
    all: initial;
    direction: ltr;
    unicode-bidi: isolate;
    color-scheme: inherit;
    display: flex;
    /* Underlines of the page go through everything but floats. */
    float: left;
    flex-direction: column;
    box-sizing: border-box;
    width: 100%;
    height: 100%;
    overflow: hidden;
    container: panel / inline-size;
    position: relative;

    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: var(--_bg);
    color: var(--_text);
    font: var(--_font-size) / 16px var(--_font);
    font-variant-numeric: tabular-nums;
  }

  .panel[data-theme='light'] {
    color-scheme: light;
  }

  .panel[data-theme='dark'] {
    color-scheme: dark;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  [hidden] {
    display: none !important;
  }

  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .muted,
  .cell.bus,
  .cell.time {
    color: var(--_muted);
  }

  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: -2px;
  }

  .icon {
    flex: none;
    width: 14px;
    height: 14px;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }

  /* Controls */

  button,
  select,
  input {
    font: inherit;
    color: inherit;
    margin: 0;
    min-height: 24px;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) - 2px);
    background: var(--_bg);
  }

  button {
    display: inline-flex;
    flex: none;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-width: 24px;
    padding: 0 8px;
    border-color: transparent;
    background: transparent;
    white-space: nowrap;
    cursor: pointer;
  }

  button:where(:hover:not(:disabled)) {
    background: var(--_hover);
  }

  button[aria-pressed='true'] {
    background: var(--_selected);
    color: var(--_accent);
  }

  .icon-button {
    padding: 0;
    color: var(--_muted);
  }

  button:disabled {
    color: var(--_edge);
    cursor: default;
  }

  /* Toolbar */

  .toolbar {
    display: flex;
    flex: none;
    align-items: center;
    gap: 4px;
    min-height: 32px;
    padding: 3px 4px;
    background: var(--_surface);
  }

  .panel[data-open] > .toolbar {
    border-bottom: 1px solid var(--_line);
  }

  .toggle {
    font-weight: 600;
    padding-inline: 4px 8px;
  }

  .buses {
    display: flex;
    flex: 1;
    gap: 2px;
    min-width: 0;
    overflow-x: auto;
    scrollbar-width: thin;
  }

  .tools {
    display: flex;
    flex: none;
    align-items: center;
    margin-left: auto;
  }

  .gap {
    width: 8px;
  }

  .count {
    min-width: 16px;
    padding: 0 5px;
    border-radius: 8px;
    background: var(--_error);
    color: var(--_bg);
    font-size: 11px;
    font-weight: 600;
    line-height: 16px;
    text-align: center;
  }

  /* Filter */

  .filter {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 8px;
    padding: 4px;
    border-bottom: 1px solid var(--_line);
  }

  input[type='search'] {
    flex: 1;
    min-width: 128px;
    padding: 0 8px;
    font-family: var(--_mono);
  }

  input::placeholder {
    color: var(--_muted);
    opacity: 1;
  }

  input[aria-invalid='true'] {
    border-color: var(--_error);
  }

  .amount {
    padding-right: 4px;
    color: var(--_muted);
    white-space: nowrap;
  }

  .filter-error {
    flex-basis: 100%;
    margin: 0;
    padding: 4px 4px 0;
    color: var(--_error);
  }
`
