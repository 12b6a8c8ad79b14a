/**
 * The style sheet of all pages: no file or font from outside, light and dark by the reader's setting, and a print form.
 * The chart rules restyle the classes that report/charts puts on ink, paper and grid.
 */

const light = `--paper: #ffffff; --ink: #1c2128; --soft: #57606a; --line: #d8dee4; --wash: #f5f7f9;
  --link: #0a58b0; --good: #0f6b3d; --bad: #a8320a; --doubt: #6b4e00; --noise: #9fb6cc;`;
const dark = `--paper: #14181d; --ink: #e6eaef; --soft: #a3adb8; --line: #323a44; --wash: #1b2128;
  --link: #7db5f5; --good: #63d297; --bad: #ff9d76; --doubt: #e2c26b; --noise: #4a6078;`;

const text = `
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1rem; font-weight: 600; letter-spacing: 0.02em; color: var(--soft); margin: 0 0 0.75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3.5rem 0 1rem; scroll-margin-top: 1rem; overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere; }
p { max-width: 46rem; overflow-wrap: anywhere; margin: 0.6rem 0; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
.headline { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.3rem); line-height: 1.2; font-weight: 650; letter-spacing: -0.01em;
  max-width: 40rem; margin: 0 0 1rem; text-wrap: balance; }
.believe { font-size: 1.08rem; }
.note, figcaption, caption { color: var(--soft); font-size: 0.88rem; }
nav { margin: 1.75rem 0 0; padding: 0.75rem 0; border-block: 1px solid var(--line); font-size: 0.9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.15rem 1.25rem; list-style: none; padding: 0; margin: 0; }
nav a { text-decoration: none; display: inline-block; padding: 0.15rem 0; }
nav a:hover { text-decoration: underline; }
.alert { border-left: 4px solid var(--bad); background: var(--wash); padding: 0.5rem 1rem; border-radius: 0 6px 6px 0; }
pre { overflow-x: auto; background: var(--wash); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem;
  font: 0.88rem/1.6 ui-monospace, "DejaVu Sans Mono", monospace; }
`;

const tables = `
.wide { overflow-x: auto; margin: 0.75rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; }
caption { text-align: left; padding: 0.25rem 0; }
th, td { text-align: left; padding: 0.25rem 0.9rem 0.25rem 0; vertical-align: middle; }
thead th { border-bottom: 1px solid var(--line); vertical-align: bottom; font-weight: 600; color: var(--soft); }
thead td { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.outcome td, .outcome tbody th { white-space: nowrap; }
.outcome tbody th { max-width: 18rem; overflow: hidden; text-overflow: ellipsis; }
tr.first > * { border-top: 1px solid var(--line); }
.headline-table { width: 100%; max-width: 68rem; }
.headline-table tr.load th { padding: 1.5rem 0 0.4rem; font-size: 1.05rem; font-weight: 650; overflow-wrap: anywhere; }
.headline-table tr.load p { font-size: 0.95rem; font-weight: 400; color: var(--ink); margin: 0.2rem 0 0; max-width: 52rem; }
.headline-table tr.load .unit { font-size: 0.88rem; font-weight: 400; margin-left: 0.5rem; }
.headline-table tbody th { overflow-wrap: anywhere; min-width: 6rem; }
.headline-table .verdict { max-width: 15rem; font-size: 0.85rem; line-height: 1.35; }
.bars svg { display: block; }
.bar-line { stroke: var(--ink); stroke-width: 1.2; fill: none; }
.swatch { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 2px; margin-right: 0.5em; }
.strip svg { display: block; }
.strip-zero { stroke: var(--soft); }
.strip-tolerance { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 2; }
.strip-noise { stroke: var(--noise); stroke-width: 10; }
.strip-interval { stroke: var(--ink); stroke-width: 2; }
.strip-error { fill: var(--ink); }
.agrees { color: var(--good); font-weight: 600; }
.differs { color: var(--bad); font-weight: 600; }
.cannot-tell { color: var(--doubt); }
.open, .unit { color: var(--soft); }
`;

const panels = `
.checks { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: 0.75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); }
.checks li { background: var(--wash); border-radius: 8px; padding: 0.75rem 1rem; border-top: 3px solid var(--line); font-size: 0.92rem; }
.checks p { margin: 0.2rem 0; }
.check-name { font-weight: 650; font-size: 1rem; display: flex; gap: 0.5rem; align-items: baseline; }
.check-name .state { margin-left: auto; font-weight: 400; font-size: 0.82rem; color: var(--soft); white-space: nowrap; }
.sign { font-weight: 700; min-width: 0.7em; }
.checks .fine { border-top-color: var(--good); } .checks .fine .sign { color: var(--good); }
.checks .look { border-top-color: var(--bad); } .checks .look .sign { color: var(--bad); }
.checks .unknown { border-top-color: var(--doubt); } .checks .unknown .sign { color: var(--doubt); }
form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin: 0.75rem 0; }
form[hidden] { display: none; }
#slo { gap: 1rem 2rem; align-items: stretch; }
.limit { display: grid; grid-template-columns: 1fr auto; gap: 0.15rem 0.75rem; flex: 1 1 15rem; max-width: 22rem; font-size: 0.92rem; }
.limit input { grid-row: 2; grid-column: 1 / -1; width: 100%; accent-color: var(--link); min-height: 1.6rem; }
.limit output { grid-row: 1; grid-column: 2; font-weight: 650; font-variant-numeric: tabular-nums; }
.meter { display: block; width: 9rem; height: 0.7rem; background: var(--line); border-radius: 3px; overflow: hidden; }
.meter-fill { display: block; height: 100%; background: var(--policy); }
.meter-fill.simulated { background: repeating-linear-gradient(135deg, var(--policy) 0 3px, transparent 3px 6px); }
select, button { font: inherit; max-width: 20rem; color: var(--ink); background: var(--wash); border: 1px solid var(--soft); border-radius: 6px; padding: 0.15rem 0.6rem; }
button { cursor: pointer; font-size: 0.85rem; }
button:hover { border-color: var(--link); }
.sort { border: 0; background: none; padding: 0; color: inherit; font-weight: inherit; font-size: inherit; text-align: inherit; }
.sort:hover { text-decoration: underline; }
[aria-sort="ascending"] .sort::after { content: " ▲" / ""; }
[aria-sort="descending"] .sort::after { content: " ▼" / ""; }
.sortable tbody th { white-space: nowrap; }
details { margin: 0.35rem 0; }
summary { cursor: pointer; padding: 0.2rem 0; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.25rem 1.25rem; font-size: 0.92rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
`;

const charts = `
figure { margin: 2rem 0; }
.plot { overflow-x: auto; border-radius: 4px; }
figure svg { display: block; max-width: 100%; min-width: 40rem; height: auto; }
figure { position: relative; }
figcaption { padding: 0.35rem 0; }
.tools { display: flex; flex-wrap: wrap; gap: 0.35rem 0.75rem; margin: 0.35rem 0; }
.series { display: flex; flex-wrap: wrap; gap: 0.35rem; }
.tools button[aria-pressed="false"] { color: var(--soft); text-decoration: line-through; border-style: dashed; }
.legend-entry { cursor: pointer; }
.dimmed { opacity: 0.08; transition: opacity 0.15s; }
.legend-entry.dimmed { opacity: 0.4; }
.tip, .ring { position: absolute; left: 0; top: 0; pointer-events: none; z-index: 2; }
.tip { max-width: min(24rem, 100%); background: var(--ink); color: var(--paper); font-size: 0.85rem; line-height: 1.35; padding: 0.35rem 0.6rem;
  border-radius: 6px; overflow-wrap: anywhere; }
.tip.pinned { pointer-events: auto; background: var(--paper); color: var(--ink); border: 1px solid var(--soft); z-index: 1; }
.tip button { border: 0; background: none; padding: 0 0 0 0.5rem; font-size: 1rem; line-height: 1; }
.ring { width: 18px; height: 18px; border: 2px solid var(--link); border-radius: 50%; }
.tip[hidden], .ring[hidden] { display: none; }
.time-window * { vector-effect: non-scaling-stroke; }
.brush { fill: var(--link); fill-opacity: 0.2; pointer-events: none; }
.zoom-text { font-size: 0.85rem; color: var(--soft); align-self: center; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; margin: 0; }
.servesim-chart { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.servesim-chart .paper { fill: var(--paper); }
.servesim-chart .paper-line { stroke: var(--paper); }
.servesim-chart .ink { fill: var(--ink); }
.servesim-chart .soft-ink { fill: var(--soft); }
.servesim-chart .ink-line { stroke: var(--ink); }
.servesim-chart .axis-line { stroke: var(--soft); }
.servesim-chart .grid-line { stroke: var(--line); }
`;

/** A table of figures becomes a list of policies, and a list of terms becomes one column. */
const narrow = `
@media (max-width: 44rem) {
  body { padding: 1.25rem 1rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.6rem; }
  .headline-table, .headline-table tbody, .headline-table tr { display: block; }
  .headline-table caption { display: block; }
  .headline-table thead { position: absolute; left: -100rem; }
  .headline-table tr.load th { display: block; padding-right: 0; }
  .headline-table tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  .headline-table tbody th, .headline-table td { display: block; padding: 0.1rem 0; max-width: none; }
  .headline-table td.number { display: flex; justify-content: space-between; }
  .headline-table td[data-label]::before { content: attr(data-label); color: var(--soft); }
  .headline-table td.verdict { max-width: none; }
  .headline-table td.verdict::before { margin-right: 1rem; }
  .bars svg { width: 100%; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } * { transition: none !important; animation: none !important; } }
`;

const print = `
@page { margin: 15mm; }
@media print {
  :root { ${light.replace("--ink: #1c2128", "--ink: #000000").replace("--wash: #f5f7f9", "--wash: #ffffff")} color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, form, .skip, .tools, .tip:not(.pinned), .ring, .data, section:has(> #limits) { display: none !important; }
  .wide, .plot { overflow: visible; }
  figure svg { min-width: 0; }
  table { font-size: 7.5pt; }
  th, td { padding-right: 0.35rem; }
  thead { display: table-header-group; }
  tr, figure, .checks li { break-inside: avoid; }
  .checks li { border: 1px solid var(--line); }
  h2 { break-after: avoid; margin-top: 1.5rem; }
  .headline { font-size: 18pt; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; height: auto; }
  * { print-color-adjust: exact; }
}
`;

/** CSS text. */
export const styleSheet = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
${text}${tables}${panels}${charts}${narrow}${print}`;
