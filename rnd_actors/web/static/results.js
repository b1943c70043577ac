// The ledger of the lines so far, and what can be taken home.

import { html } from "./vendor/htm-preact.js";
import { getBlob } from "./api.js";
import { attempt } from "./store.js";
import { number } from "./words.js";

const NAMES = {
  received: "Lines received",
  accepted: "accepted: they count",
  surplus: "surplus: not wanted",
  malformed: "malformed: no sample",
};
const LOST = "Lines lost with their hosts, as far as is known";

export function Results({ state }) {
  const { lines } = state.snapshot.run;
  const isGone = state.over !== null || state.connection !== "live";
  return html`
    <section class="panel results" aria-labelledby="results">
      <header><h3 id="results">Result</h3></header>
      <dl class="ledger">
        ${Object.entries(NAMES).map(([key, name]) => html`
          <div class=${key}><dt>${name}</dt><dd>${number(lines[key])}</dd></div>`)}
        ${lines.lost > 0 && html`<div class="lost"><dt>${LOST}</dt><dd>${number(lines.lost)}</dd></div>`}
      </dl>
      <p class="downloads">
        ${isGone
          ? html`<span class="aside">The program that had them is gone.</span>`
          : html`<button type="button" onClick=${() => save("result", "result.json")}>Save the result so far</button>
              <button type="button" onClick=${() => save("report", "report.html")}>Save the report</button>`}
      </p>
    </section>`;
}

/** Let the browser save what the program answers, or tell why there is nothing to save. */
async function save(path, name) {
  const blob = await attempt(getBlob(path));
  if (blob === null) return;
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
