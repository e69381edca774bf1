import { unsafeCSS } from 'lit'

/** Each colour: its name, in light, in dark. */
const colours = `
bg fff 15181d
surface f6f7f9 1b1f26
raised fff 262b34
text 1c2230 e3e7ee
muted 5a6374 9aa5b6
line e3e6eb 2a303a
edge 8a93a3 667185
accent 1f57c3 8cb4ff
on-accent fff 0e1626
hover f1f4f9 1f242c
selected e2ebfc 22334f
guide dfe3e9 2f3641
error-bg fdf0ef 2c1b1d
tag-bg eceff4 2b323d
tag-text 47505f b9c3d2
completed 1b6b3a 7fcf98
error b3261e ff9a92
timeout 8f4100 f0b072
cancelled 6a5a2c cdbd88
aborted 96315f f2a3c7
forwarded 0f6674 7fd0de
replayed 6b3fa0 c6a5f5
`
/** All else, a token of its own by default or not one of two schemes. */
const others = `
pending var(--_muted)
started var(--_accent)
font system-ui, sans-serif
mono ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace
font-size 12px
radius 6px
indent 16px
shadow 0 2px 10px rgb(0 0 0 / 18%)
`

/** Every colour and size of the inspector, as `--_name`: what the page has set as `--bus-inspector-name`, or this. */
export const tokens = /* @__PURE__ */ unsafeCSS(
  `.panel{${colours
    .replace(/(\S+) (\S+) (\S+)\n/g, '$1 light-dark(#$2,#$3)\n')
    .concat(others)
    .replace(/(\S+) (.+)/g, '--_$1:var(--bus-inspector-$1,$2);')}}`,
)
