// One accent colour on warm greys, system fonts. Charts take their colours from the same custom properties.

const LIGHT = `
  --page: #fbfaf8;
  --surface: #ffffff;
  --ink: #1f1d1a;
  --ink-soft: #66615a;
  --line: #e5e1da;
  --accent: #a8480f;
  --accent-soft: #fbeadd;
  --shadow: rgb(31 29 26 / 0.16);`;

const DARK = `
  --page: #171614;
  --surface: #1f1e1b;
  --ink: #ece8e1;
  --ink-soft: #a8a197;
  --line: #36332e;
  --accent: #f0a06a;
  --accent-soft: #45301f;
  --shadow: rgb(0 0 0 / 0.65);`;

export const STYLES = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }

* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto;
  max-width: 70rem;
  padding: clamp(1.5rem, 5vw, 3rem) clamp(1rem, 4vw, 2rem) 5rem;
  background: var(--page);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0.6rem 0 0; max-width: 26em; font-size: clamp(1.7rem, 4.2vw, 2.5rem); font-weight: 650; letter-spacing: -0.018em; }
h2 { margin: 0 0 1.25rem; font-size: 1.4rem; font-weight: 650; letter-spacing: -0.01em; }
h3 { margin: 0; font-size: 1rem; }
p { margin: 0 0 1rem; max-width: 44rem; }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
code, pre, .answer { font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.875em; }
code { overflow-wrap: anywhere; }
.figure { white-space: nowrap; font-variant-numeric: tabular-nums; }
dl, dd, figure { margin: 0; }

.origin, nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0; list-style: none; font-size: 0.875rem; color: var(--ink-soft); }
.origin li { min-width: 0; overflow-wrap: anywhere; }
.origin li:first-child { color: var(--accent); font-weight: 600; }
.lead { margin: 1rem 0 0; font-size: 1.125rem; color: var(--ink-soft); }
nav { margin: 1.75rem 0 2rem; padding: 0.75rem 0; border-block: 1px solid var(--line); }
nav a { color: inherit; text-decoration: none; }
nav a:hover { color: var(--accent); text-decoration: underline; }
section + section { margin-top: 3.5rem; padding-top: 2.5rem; border-top: 1px solid var(--line); }
section > * + * { margin-top: 1.75rem; }
section > h2 + *, section > p + .answers { margin-top: 0; }

.note { padding: 0.9rem 1.1rem; border-left: 3px solid var(--accent); border-radius: 0 4px 4px 0; background: var(--accent-soft); }
.note p { margin: 0; max-width: 60rem; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; overflow: hidden; border: 1px solid var(--line); border-radius: 8px; background: var(--line); }
.figures > div { padding: 1rem 1.1rem; background: var(--surface); }
.figures dt { font-size: 0.875rem; color: var(--ink-soft); }
.figures .value { font-size: clamp(1.35rem, 3.2vw, 1.9rem); font-weight: 620; letter-spacing: -0.02em; line-height: 1.3; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures .detail { font-size: 0.875rem; color: var(--ink-soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures .main .value { color: var(--accent); }

.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 2rem 2.5rem; align-items: start; }
.columns > div { min-width: 0; }

.facts { display: grid; gap: 0.65rem; }
.facts > div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: 0 1.25rem; }
.facts dt { color: var(--ink-soft); }
.facts dd { max-width: 46rem; overflow-wrap: anywhere; }
@media (max-width: 34rem) { .facts > div { grid-template-columns: 1fr; } .facts dt { font-size: 0.875rem; } }

figure { container-type: inline-size; }
figcaption { margin-bottom: 0.75rem; font-weight: 600; text-wrap: balance; }
.chart svg { display: none; width: 100%; height: auto; }
.chart svg.narrow { display: block; max-width: 24rem; }
.chart svg.wide { max-width: 36rem; }
@container (min-width: 30rem) { .chart svg.narrow { display: none; } .chart svg.wide { display: block; } }
svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }

/* Shadows at the edges, only where there is more to scroll to. */
.scroll {
  container-type: inline-size;
  overflow-x: auto;
  background:
    linear-gradient(to right, var(--page) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--page) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--shadow), transparent) left / 0.9rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shadow), transparent) right / 0.9rem 100% no-repeat scroll;
}
table { min-width: min(100%, 42rem); border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
/* Captions and row names stay in sight while a table scrolls. */
caption { padding-bottom: 0.6rem; text-align: left; font-weight: 600; }
caption span { display: inline-block; position: sticky; left: 0; max-width: 100cqw; }
tbody th { position: sticky; left: 0; background: var(--page); }
th, td { padding: 0.45rem 0.9rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: baseline; }
th:first-child { padding-left: 0.25rem; }
th:last-child, td:last-child { padding-right: 0.25rem; }
thead th { font-size: 0.8125rem; font-weight: 500; color: var(--ink-soft); vertical-align: bottom; }
tbody th { font-weight: 500; white-space: nowrap; }
td.prose { min-width: 13rem; }
th.number, td.number { text-align: right; white-space: nowrap; }
thead th.number { white-space: normal; }
tr.marked > * { background: var(--accent-soft); }

.answers { display: grid; gap: 1rem; margin-block: 0; padding: 0; list-style: none; counter-reset: answer; }
.answers > li { counter-increment: answer; padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); break-inside: avoid; }
.answers h3 { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; margin-bottom: 0.75rem; font-weight: 500; }
.answers h3::before { content: counter(answer) "."; color: var(--ink-soft); }
.verdict { font-weight: 650; }
.id { font-size: 0.875rem; font-weight: 400; color: var(--ink-soft); }
.answers dl { display: grid; gap: 0.5rem; }
.answers dl > div { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: 0 1rem; }
@media (max-width: 34rem) { .answers dl > div { grid-template-columns: 1fr; } }
.answers dt { font-size: 0.875rem; color: var(--ink-soft); line-height: 1.7; }
.answers dd { overflow-wrap: anywhere; unicode-bidi: isolate; }
.input, .answer, .why { white-space: pre-wrap; }
.answer:empty::before { content: "nothing"; font-style: italic; color: var(--ink-soft); }
mark { padding: 0.05em 0; border-radius: 2px; background: var(--accent-soft); color: inherit; text-decoration: underline 2px var(--accent); text-underline-offset: 0.25em; }

details { border: 1px solid var(--line); border-radius: 8px; background: var(--surface); }
section > details + details { margin-top: 0.75rem; }
summary { padding: 0.7rem 1.1rem; cursor: pointer; font-weight: 500; }
details pre { margin: 0; padding: 1rem 1.1rem; overflow-x: auto; border-top: 1px solid var(--line); line-height: 1.5; }
pre code { overflow-wrap: normal; font-size: 1em; }

@media print {
  :root { ${LIGHT} }
  html { font-size: 82%; }
  body { max-width: none; padding: 0; }
  main { margin-top: 1.75rem; }
  nav, details { display: none; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 0.875rem; }
  th, td, td.prose { min-width: 0; padding: 0.3rem 0.45rem; }
  section + section { margin-top: 1.5rem; padding-top: 1.25rem; }
  figure, tr, .note, .figures { break-inside: avoid; }
  h2, caption, figcaption { break-after: avoid; }
}
`;
