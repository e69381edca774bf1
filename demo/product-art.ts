import { svg, type TemplateResult } from 'lit'

/** Each drawing uses three tones: `--art-a` for the body, `--art-b` for its detail, `--art-c` for shade. */
const drawings: Record<string, TemplateResult> = {
  mug: svg`
    <path d="M66 42h8a11 11 0 0 1 0 22h-8" fill="none" stroke="var(--art-c)" stroke-width="6" />
    <path d="M30 30h38v38a9 9 0 0 1-9 9H39a9 9 0 0 1-9-9z" fill="var(--art-a)" />
    <path d="M28 27h42v7H28z" fill="var(--art-c)" />
    <circle cx="40" cy="48" r="2.5" fill="var(--art-b)" /><circle cx="56" cy="56" r="2" fill="var(--art-b)" />
    <circle cx="46" cy="66" r="2" fill="var(--art-b)" /><circle cx="58" cy="43" r="1.5" fill="var(--art-b)" />`,
  notebook: svg`
    <rect x="28" y="20" width="46" height="60" rx="4" fill="var(--art-c)" />
    <rect x="25" y="20" width="46" height="60" rx="4" fill="var(--art-a)" />
    <rect x="25" y="20" width="9" height="60" rx="4" fill="var(--art-c)" />
    <rect x="41" y="32" width="22" height="13" rx="2" fill="var(--art-b)" />
    <path d="M62 20h4v64l-2-3-2 3z" fill="var(--art-b)" />`,
  lamp: svg`
    <path d="M34 48h32L86 82H14z" fill="var(--art-b)" opacity=".28" />
    <path d="M48 46h4v32h-4z" fill="var(--art-c)" /><rect x="34" y="76" width="32" height="6" rx="3" fill="var(--art-c)" />
    <path d="M40 18h20l12 30H28z" fill="var(--art-a)" /><path d="M28 48h44v3H28z" fill="var(--art-c)" />`,
  radio: svg`
    <path d="M60 34 74 14" stroke="var(--art-c)" stroke-width="3" stroke-linecap="round" />
    <rect x="20" y="34" width="60" height="44" rx="7" fill="var(--art-a)" />
    <circle cx="39" cy="56" r="13" fill="var(--art-c)" /><circle cx="39" cy="56" r="6" fill="var(--art-b)" />
    <path d="M59 46h14M59 52h14" stroke="var(--art-c)" stroke-width="3" stroke-linecap="round" />
    <circle cx="62" cy="66" r="4" fill="var(--art-b)" /><circle cx="73" cy="66" r="2.5" fill="var(--art-c)" />`,
  fern: svg`
    <path d="M50 60C48 40 38 28 24 26c1 14 10 26 26 34Z" fill="var(--art-b)" />
    <path d="M50 60c2-20 12-32 26-34-1 14-10 26-26 34Z" fill="var(--art-b)" />
    <path d="M50 60c-7-16-6-32 0-44 6 12 7 28 0 44Z" fill="var(--art-c)" />
    <path d="M33 58h34l-4 22a4 4 0 0 1-4 3H41a4 4 0 0 1-4-3z" fill="var(--art-a)" />
    <rect x="30" y="55" width="40" height="8" rx="3" fill="var(--art-a)" /><path d="M33 63h34l-.6 3H33.600z" fill="var(--art-c)" opacity=".35" />`,
  socks: svg`
    <path d="M56 20h20v34a12 12 0 0 1-4 9L60 74a10 10 0 0 1-14-14l10-9z" fill="var(--art-c)" />
    <path d="M34 24h20v34a12 12 0 0 1-4 9L38 78a10 10 0 0 1-14-14l10-9z" fill="var(--art-a)" />
    <path d="M34 24h20v8H34zM34 38h20v4H34zM34 46h20v4H34z" fill="var(--art-b)" />`,
}

export const artOf = (sku: string): TemplateResult => svg`
  <svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">${drawings[sku] ?? drawings.mug}</svg>`
