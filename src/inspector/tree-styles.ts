import { css } from 'lit'

/** The tree, and how it bends to little room and forced colours. */
export const treeStyles = css`
  .main,
  .tree,
  #grid {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-height: 0;
  }

  .tree {
    position: relative;
    container-type: inline-size;
  }

  .columns,
  .dropped,
  .row {
    display: flex;
    align-items: center;
    width: 100%;
    height: 24px;
    padding-inline: 4px 8px;
  }

  .head {
    flex: none;
    border-bottom: 1px solid var(--_line);
    background: var(--_surface);
    color: var(--_muted);
    overflow-y: scroll;
  }

  .head .name {
    padding-left: 24px;
  }

  .dropped {
    padding-left: 28px;
    border-bottom: 1px dashed var(--_line);
    color: var(--_muted);
    font-style: italic;
  }

  .scroller {
    position: relative;
    flex: 1;
    overflow: hidden scroll;
    overflow-anchor: none;
    scrollbar-width: thin;
    scrollbar-color: var(--_edge) transparent;
    contain: strict;
  }

  .row .icon,
  .cell.status {
    color: var(--_status);
  }

  .row {
    position: absolute;
    top: 0;
    left: 0;
    contain: strict;
  }

  .row:hover {
    background: var(--_hover);
  }

  .row[data-status='error'],
  .row[data-status='timeout'] {
    background: var(--_error-bg);
  }

  .row[aria-selected='true'] {
    background: var(--_selected);
  }

  .cell,
  .type,
  .note,
  .bus-name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .cell {
    flex: none;
    padding-right: 8px;
  }

  .cell.name {
    display: flex;
    flex: 1;
    align-items: center;
    min-width: 0;
    height: 24px;
    gap: 6px;
  }

  .cell.bus {
    width: var(--_bus-width);
  }

  .cell.status {
    width: var(--_status-width);
  }

  .cell.time {
    width: var(--_time-width);
  }

  .cell.duration {
    width: var(--_duration-width);
    padding-right: 0;
    text-align: end;
  }

  .no-bus .bus,
  .no-status .status,
  .no-time .time,
  .no-duration .duration {
    display: none;
  }

  .columns .cell {
    position: relative;
    color: inherit;
    font-size: 11px;
  }

  .sort {
    padding: 0;
  }

  .column-handle {
    position: absolute;
    inset-block: 0;
    left: -10px;
    width: 12px;
    cursor: col-resize;
    touch-action: none;
  }

  .column-handle:hover {
    border-right: 2px solid var(--_edge);
  }

  .guides {
    flex: none;
    align-self: stretch;
    width: calc((var(--_level, 1) - 1) * var(--_indent));
    margin-right: -6px;
    /* A stop at 0 begins where the one before it ends. */
    background: repeating-linear-gradient(
      90deg,
      transparent 0 calc(var(--_indent) / 2 + 3px),
      var(--_guide) 0 calc(var(--_indent) / 2 + 4px),
      transparent 0 var(--_indent)
    );
  }

  .twisty {
    flex: none;
    display: grid;
    place-items: center;
    width: 24px;
    height: 24px;
    margin-right: -6px;
  }

  .row[aria-expanded] .twisty::before {
    content: '';
    width: 5px;
    height: 5px;
    border: solid var(--_muted);
    border-width: 0 1.5px 1.5px 0;
    transform: translateX(-1px) rotate(-45deg);
  }

  .row[aria-expanded='true'] .twisty::before {
    transform: translateY(-1px) rotate(45deg);
  }

  .row[data-kind='event'] .type {
    font-weight: 600;
  }

  .id {
    flex: none;
    margin-left: -4px;
    color: var(--_muted);
    font: 11px / 16px var(--_mono);
  }

  .id:empty,
  .tags:empty {
    display: none;
  }

  .tags {
    display: inline-flex;
    flex: none;
    gap: 4px;
  }

  .tag {
    padding: 0 5px;
    border-radius: 4px;
    background: var(--_tag-bg);
    color: var(--_tag-text);
    font-size: 11px;
  }

  .note {
    flex-shrink: 99999;
    color: var(--_muted);
    font: 11px / 16px var(--_mono);
  }

  .row[data-kind='handler']:not([data-status='completed']) .note {
    color: var(--_status);
  }

  .row[data-dimmed] :is(.type, .cell, .icon, .note) {
    color: var(--_muted);
    font-style: italic;
    font-weight: 400;
  }

  .empty {
    position: absolute;
    inset: 40% 16px auto;
    margin: 0;
    color: var(--_muted);
    text-align: center;
    pointer-events: none;
  }

  .pill {
    position: absolute;
    bottom: 10px;
    left: 50%;
    translate: -50%;
    padding-inline: 12px;
    border-radius: 12px;
    background: var(--_accent);
    color: var(--_on-accent);
    box-shadow: var(--_shadow);
    font-weight: 600;
  }

  /* Of the tree: details beside it take its room, too. */
  @container (width < 640px) {
    .cell.bus,
    .cell.time,
    .cell.status {
      position: absolute;
      width: 1px;
      height: 1px;
      padding: 0;
      clip-path: inset(50%);
    }
  }

  @container panel (width < 640px) {
    .toolbar {
      flex-wrap: wrap;
    }

    .buses:has(button) {
      order: 3;
      flex-basis: 100%;
    }
  }

  @media (forced-colors: active) {
    .row[aria-selected='true'] {
      forced-color-adjust: none;
      background: Highlight;
      --_tag-bg: Highlight;
    }

    .row[aria-selected='true'] * {
      color: HighlightText !important;
    }

    button[aria-pressed='true'] {
      border-color: Highlight;
    }

    .guides {
      forced-color-adjust: none;
    }

    .count {
      border: 1px solid;
    }
  }
`
