import { css } from 'lit'

/** What only sheets and messages are made of; they bring it with them. */
export const sheetStyles = css`
  .sheet button,
  .message button {
    border-color: var(--_line);
    background: var(--_raised);
  }

  .sheet button:hover:not(:disabled),
  .message button:hover {
    border-color: var(--_edge);
  }

  button.primary {
    border-color: var(--_accent);
    background: var(--_accent);
    color: var(--_on-accent);
  }

  .sheet button.primary {
    border-color: var(--_accent);
    background: var(--_accent);
  }

  .sheet button.danger {
    border-color: var(--_error);
    color: var(--_error);
  }

  .sheet,
  .message {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    margin: 0;
    padding: 6px 8px;
    border-bottom: 1px solid var(--_line);
    background: var(--_surface);
  }

  .sheet label {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 24px;
  }

  .sheet input[type='checkbox'] {
    width: 14px;
    height: 14px;
    min-height: 0;
    accent-color: var(--_accent);
  }

  .sheet fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: 0 12px;
    margin: 0;
    padding: 0;
    border: 0;
  }

  .ask {
    display: inline-flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }

  .message {
    justify-content: space-between;
  }

  .help {
    flex-basis: 100%;
  }

  .help code {
    color: var(--_text);
  }

  .help .facts {
    grid-template-columns: repeat(auto-fill, minmax(320px, 1fr));
  }

  .help dt {
    min-width: 136px;
  }
`
