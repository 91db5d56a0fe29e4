/** The style sheet of all pages. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f7f3ea;
  --card: #fffdf8;
  --line: #e2d9c8;
  --ink: #23201b;
  --muted: #665e52;
  --accent: #0f5e5a;
  --on-accent: #ffffff;
  --bad: #9a2318;
  --bad-paper: #fdeeea;
  --bad-line: #efc2ba;
  --chip: #f1e7d0;
  --serif: 'Iowan Old Style', 'Palatino Linotype', Palatino, 'URW Palladio L', 'P052', Georgia, serif;
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181a;
    --card: #1f2225;
    --line: #363b40;
    --ink: #ece7dc;
    --muted: #aaa294;
    --accent: #74cdc4;
    --on-accent: #0c2321;
    --bad: #ffb4a8;
    --bad-paper: #34201d;
    --bad-line: #6b3a33;
    --chip: #e9dfc8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.55 var(--sans);
}
a { color: var(--accent); text-underline-offset: 0.15em; }
code { font-family: var(--mono); font-size: 0.9em; overflow-wrap: anywhere; }
h1, h2, blockquote { font-family: var(--serif); text-wrap: balance; }
blockquote, p { text-wrap: pretty; }
h1 { margin: 0; font-size: clamp(2rem, 6vw, 3.2rem); line-height: 1.1; font-weight: 600; }
h2 { margin: 0 0 0.9rem; font-size: 1.45rem; line-height: 1.2; font-weight: 600; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.visually-hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}

.bar, main { max-width: 66rem; margin: 0 auto; padding: 0 1.25rem; }
.bar {
  display: flex; align-items: center; justify-content: space-between; gap: 1rem;
  min-height: 4rem; border-bottom: 1px solid var(--line);
}
.brand { font-family: var(--serif); font-size: 1.15rem; font-weight: 600; color: var(--ink); text-decoration: none; }
.account { display: flex; align-items: center; gap: 0.6rem; margin: 0; min-width: 0; }
.account b { max-width: 14ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.account a { white-space: nowrap; }
.avatar {
  flex: none; display: grid; place-items: center; width: 2.1rem; height: 2.1rem; border-radius: 50%;
  background: var(--accent); color: var(--on-accent); font-weight: 600;
}

.button {
  display: inline-block; padding: 0.55rem 1.1rem; border: 1px solid var(--accent); border-radius: 8px;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600;
  text-decoration: none; cursor: pointer;
}
.button:hover { filter: brightness(1.1); }
.button.quiet { background: transparent; color: var(--accent); }
.actions { display: flex; flex-wrap: wrap; gap: 0.7rem; margin: 1.4rem 0 0; }

dialog {
  width: min(25rem, calc(100vw - 2rem)); margin: auto; padding: 1.75rem;
  border: 1px solid var(--line); border-radius: 14px; background: var(--card); color: var(--ink);
  box-shadow: 0 24px 60px rgb(0 0 0 / 30%);
}
dialog::backdrop { background: rgb(15 15 12 / 55%); }
dialog h2 { margin-bottom: 0.3rem; }
.hint { margin: 0 0 1.1rem; color: var(--muted); }
label { display: block; margin-top: 0.9rem; font-weight: 600; }
input {
  display: block; width: 100%; margin-top: 0.3rem; padding: 0.55rem 0.7rem;
  border: 1px solid var(--muted); border-radius: 8px; background: var(--paper); color: var(--ink); font: inherit;
}

.book { display: flex; gap: 2.25rem; align-items: center; padding: 2.75rem 0 2.5rem; }
.lead { max-width: 40rem; margin: 1rem 0 0; font-size: 1.1rem; color: var(--muted); }
.cover { flex: none; width: 9.4rem; filter: drop-shadow(0 10px 16px rgb(0 0 0 / 28%)); }
.cover-board { fill: #0f5e5a; }
.cover-spine { fill: #0a4441; }
.cover-twins { fill: none; stroke: #f3d9a4; stroke-width: 2.5; }
.cover-title { fill: #f6ead0; font: 600 14px var(--serif); text-anchor: middle; }

.columns { display: grid; grid-template-columns: minmax(15rem, 1fr) 2fr; gap: 2.25rem; align-items: start; }
.card { margin: 0; padding: 1.25rem 1.4rem; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
figure.card + .card { margin-top: 1rem; }
dl.card { padding-block: 0.5rem; }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.5rem 0; }
dl div + div { border-top: 1px solid var(--line); }
dt { color: var(--muted); }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }

blockquote { margin: 0; font-size: 1.2rem; line-height: 1.45; }
figcaption { margin-top: 0.7rem; color: var(--muted); }
.served { margin: 1rem 0 0; color: var(--muted); }
.stars {
  display: inline-flex; gap: 0.12em; margin: 0 0 0.8rem; padding: 0.1rem 0.7rem; border-radius: 99px;
  background: var(--chip); font-size: 1.35rem; line-height: 1.4;
}
.stars.black { color: #1b1a18; }
.stars.red { color: #c01616; }

.notice {
  padding: 1.25rem 1.4rem; border: 1px solid var(--bad-line); border-radius: 12px;
  background: var(--bad-paper); color: var(--bad);
}
.notice h2 { margin-bottom: 0.4rem; }
.notice p { margin: 0; }
.notice.small { display: inline-block; margin: 0 0 0.8rem; padding: 0.25rem 0.8rem; border-radius: 8px; }

.calls { margin: 3rem 0; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.55rem 0.9rem 0.55rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: 400; }
thead th { color: var(--muted); font-size: 0.9rem; }
tbody th code { font-weight: 600; white-space: nowrap; }
small { color: var(--muted); font-family: var(--mono); font-size: 0.8rem; overflow-wrap: anywhere; }
.child { padding-left: 1.3rem; }
.grandchild { padding-left: 2.6rem; }
.time { width: 38%; padding-right: 0; white-space: nowrap; color: var(--muted); }
.bar-chart { width: calc(100% - 5rem); height: 0.6rem; margin-right: 0.6rem; border-radius: 3px; background: var(--line); vertical-align: middle; }
.bar-chart rect { fill: var(--accent); }
.bar-chart rect.bad { fill: var(--bad); }
.failed td:nth-child(3) { color: var(--bad); font-weight: 600; }

.intro { max-width: 42rem; padding: 3rem 0; }
.tree, .tree ul { margin: 0; padding: 0; list-style: none; }
.tree { margin-top: 1.75rem; }
.tree ul { margin-left: 0.6rem; padding-left: 1.3rem; border-left: 2px solid var(--line); }
.tree li { padding-top: 0.55rem; }
.tree span { color: var(--muted); }

@media (max-width: 46rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .book { gap: 1.25rem; padding: 1.75rem 0; align-items: flex-start; }
  .cover { width: 5.5rem; }
  .time { width: auto; text-align: right; }
  thead th:last-child { text-align: right; }
  .bar-chart,
  .calls small { display: none; }
  table { font-size: 0.9rem; }
}
`;
