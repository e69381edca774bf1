import { css } from 'lit'

/** What only details are made of, and their room; they bring it with them. */
export const detailStyles = css`
  .splitter {
    flex: none;
    height: 7px;
    margin-block: -3px;
    border-block: 3px solid transparent;
    background: var(--_line);
    background-clip: content-box;
    z-index: 1;
    cursor: row-resize;
    touch-action: none;
  }

  .splitter:is(:hover, :focus-visible) {
    background-color: var(--_accent);
  }

  .detail {
    display: flex;
    flex: none;
    flex-direction: column;
    height: var(--_detail, 45%);
    min-width: 0;
    min-height: 0;
    border-top: 1px solid var(--_line);
    background: var(--_bg);
  }

  @container panel (width >= 900px) {
    .main {
      flex-direction: row;
    }

    .splitter {
      height: auto;
      width: 7px;
      margin: 0 -3px;
      border-block: 0;
      border-inline: 3px solid transparent;
      cursor: col-resize;
    }

    .detail {
      height: auto;
      width: var(--_detail, 45%);
      border-top: 0;
    }
  }

  @media (forced-colors: active) {
    .splitter {
      forced-color-adjust: none;
    }
  }

  .detail {
    --_key: var(--bus-inspector-key, var(--_replayed));
    --_string: var(--bus-inspector-string, var(--_completed));
    --_number: var(--bus-inspector-number, var(--_accent));
    --_keyword: var(--bus-inspector-keyword, var(--_timeout));
  }

  .badge[data-status='pending'] {
    --_status: var(--_pending);
  }

  .badge[data-status='started'] {
    --_status: var(--_started);
  }

  .badge[data-status='completed'] {
    --_status: var(--_completed);
  }

  .badge[data-status='error'] {
    --_status: var(--_error);
  }

  .badge[data-status='timeout'] {
    --_status: var(--_timeout);
  }

  .badge[data-status='cancelled'] {
    --_status: var(--_cancelled);
  }

  .badge[data-status='aborted'] {
    --_status: var(--_aborted);
  }

  .badge[data-status='forwarded'] {
    --_status: var(--_forwarded);
  }

  .badge[data-status='replayed'] {
    --_status: var(--_replayed);
  }

  button.link {
    display: inline;
    min-height: 0;
    min-width: 0;
    padding: 0;
    border: 0;
    color: var(--_accent);
    text-decoration: underline;
    text-underline-offset: 2px;
    font-family: var(--_mono);
    line-height: 24px;
    overflow-wrap: anywhere;
    text-align: start;
    white-space: normal;
  }

  .comparison button,
  .detail-head button:not(.icon-button) {
    border-color: var(--_line);
    background: var(--_raised);
  }

  .detail-head {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 8px;
    padding: 4px 4px 4px 12px;
    border-bottom: 1px solid var(--_line);
    background: var(--_surface);
  }

  h2,
  h3,
  h4,
  h5 {
    margin: 0;
    font: inherit;
    font-weight: 600;
  }

  .detail-head h2 {
    flex: 1 0 136px;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .detail-head .id {
    margin: 0;
    font-weight: 400;
  }

  .detail-body {
    flex: 1;
    min-height: 0;
    padding: 8px 12px 16px;
    overflow: auto;
    scrollbar-width: thin;
    scrollbar-color: var(--_edge) transparent;
    overflow-wrap: anywhere;
  }

  .detail-body section:not(.comparison) {
    margin-top: 12px;
  }

  .fact[data-fact='registered'] {
    grid-column: 1 / -1;
  }

  h3 {
    margin-bottom: 4px;
  }

  h3 .muted {
    font-weight: 400;
  }

  .badge {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    color: var(--_status);
    font-weight: 400;
  }

  .handler {
    margin-bottom: 8px;
    padding: 6px 8px;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) - 2px);
  }

  .handler[data-selected] {
    border-color: var(--_accent);
  }

  h4 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    margin-bottom: 2px;
  }

  h4 .badge {
    margin-left: auto;
  }

  .value {
    font: 11px / 18px var(--_mono);
  }

  .value.leaf {
    padding-left: 14px;
  }

  .value > summary {
    min-height: 24px;
    line-height: 24px;
    list-style-position: outside;
    margin-left: 14px;
  }

  .members {
    border-left: 1px solid var(--_guide);
    margin-left: 4px;
    padding-left: 8px;
  }

  section > .members {
    border: 0;
    margin: 0;
    padding: 0;
  }

  .key {
    color: var(--_key);
  }

  .colon {
    white-space: pre;
  }

  .v-string {
    color: var(--_string);
    white-space: pre-wrap;
  }

  .v-number,
  .v-bigint {
    color: var(--_number);
  }

  .v-boolean,
  .v-nothing,
  .v-symbol {
    color: var(--_keyword);
  }

  .v-mark,
  .v-function {
    color: var(--_muted);
    font-style: italic;
  }

  .long {
    max-height: 320px;
    margin: 0 0 0 14px;
    overflow: auto;
    white-space: pre-wrap;
    font: inherit;
    color: var(--_string);
  }

  .more {
    margin-left: 8px;
    color: var(--_accent);
  }

  .error {
    padding: 6px 8px;
    border-radius: calc(var(--_radius) - 2px);
    background: var(--_error-bg);
  }

  .error-head {
    margin: 0;
    color: var(--_error);
    white-space: pre-wrap;
  }

  .frames {
    margin: 4px 0 0;
    padding: 0;
    list-style: none;
    font: 11px / 16px var(--_mono);
  }

  .inner {
    margin-top: 6px;
    padding-left: 8px;
    border-left: 2px solid var(--_error);
  }

  .own-frames summary {
    color: var(--_muted);
  }

  .call-site summary {
    color: inherit;
  }

  code.call-site,
  .call-site code {
    overflow-wrap: anywhere;
  }

  .comparison {
    margin-bottom: 8px;
    padding: 4px 8px 8px;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) - 2px);
  }

  .comparison p,
  .mutation p {
    margin: 4px 0;
  }

  .changes {
    margin: 4px 0;
    padding: 0;
    list-style: none;
    font: 11px / 18px var(--_mono);
  }

  .change {
    display: flex;
    flex-wrap: wrap;
    gap: 0 8px;
    padding-left: 18px;
    overflow-wrap: anywhere;
  }

  .sign {
    width: 10px;
    margin-left: -18px;
    text-align: center;
    color: var(--_muted);
  }

  .place {
    color: var(--_key);
  }

  .change del {
    color: var(--_error);
  }

  .change ins {
    color: var(--_completed);
    text-decoration: none;
  }
`
