/**
 * The report's style sheet: no file or font from outside, light and dark by the reader's setting, and a print form.
 * The chart rules restyle the classes that report/charts puts on ink, paper and grid.
 */

/** CSS text. */
export const styleSheet = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2128; --soft: #57606a; --line: #d8dee4; --wash: #f3f5f7;
  --link: #0a58b0; --good: #0f6b3d; --bad: #a8320a; --doubt: #6b4e00; --noise: #9fb6cc; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6eaef; --soft: #a3adb8; --line: #323a44;
  --wash: #1d232a; --link: #7db5f5; --good: #63d297; --bad: #ff9d76; --doubt: #e2c26b; --noise: #4a6078; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
p { max-width: 48rem; overflow-wrap: anywhere; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
.lead { font-size: 1.15rem; }
.note, figcaption, caption { color: var(--soft); font-size: 0.88rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; padding: 0; }
.alert { border-left: 4px solid var(--bad); background: var(--wash); padding: 0.5rem 1rem; }
.wide { overflow-x: auto; margin: 0.75rem 0; }
table { border-collapse: collapse; font-size: 0.88rem; }
caption { text-align: left; padding: 0.25rem 0; }
th, td { text-align: left; padding: 0.2rem 0.7rem 0.2rem 0; vertical-align: middle; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.outcome td, .outcome tbody th { white-space: nowrap; }
.outcome tbody th { max-width: 18rem; overflow: hidden; text-overflow: ellipsis; }
tr.first > * { border-top: 1px solid var(--line); }
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
form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin: 0.75rem 0; }
form[hidden] { display: none; }
select { font: inherit; max-width: 20rem; color: var(--ink); background: var(--wash); border: 1px solid var(--soft); border-radius: 4px; padding: 0.15rem 0.4rem; }
details { margin: 0.35rem 0; }
summary { cursor: pointer; }
figure { margin: 1.5rem 0; }
figure svg { display: block; max-width: 100%; height: auto; }
.servesim-chart { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.servesim-chart .paper { fill: var(--paper); }
.servesim-chart .paper-line { stroke: var(--paper); }
.servesim-chart .ink { fill: var(--ink); }
.servesim-chart .soft-ink { fill: var(--soft); }
.servesim-chart .ink-line { stroke: var(--ink); }
.servesim-chart .axis-line { stroke: var(--soft); }
.servesim-chart .grid-line { stroke: var(--line); }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.15rem 1.25rem; font-size: 0.92rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc; --wash: #ffffff; --link: #000000;
    --good: #0f6b3d; --bad: #a8320a; --doubt: #6b4e00; --noise: #9fb6cc; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, form, .skip { display: none !important; }
  .wide { overflow: visible; }
  table { font-size: 7.5pt; }
  th, td { padding-right: 0.35rem; }
  thead { display: table-header-group; }
  tr, figure { break-inside: avoid; }
  h2 { break-after: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
}
`;
