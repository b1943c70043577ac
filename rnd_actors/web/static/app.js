// The page: one column of attention, from "is it all right?" to "what happened?".

import { html, render } from "./vendor/htm-preact.js";
import { Actors } from "./actors.js";
import { Histogram } from "./charts.js";
import { Details } from "./details.js";
import { DeadLetters, Events } from "./events.js";
import { Lanes } from "./lanes.js";
import { Notes, Overview } from "./overview.js";
import { Results } from "./results.js";
import { begin, change, useStore } from "./store.js";
import { plural } from "./words.js";

function App() {
  const state = useStore();
  const run = state.snapshot?.run ?? null;
  return html`
    <a class="skip" href="#trouble">Skip to where the trouble is</a>
    <header class="masthead">
      <p class="brand">rnd-actors</p>
      ${run !== null && html`<p class="which">run ${run.id}: <code>${run.worker}</code></p>`}
      <p class="connection ${state.over ? "over" : state.connection}">${connectionInWords(state)}</p>
    </header>
    <main>
      <${Notes} state=${state} dismiss=${() => change({ alert: null, notice: null })} />
      <${Overview} state=${state} />
      ${state.snapshot !== null && html`
        <h2 id="trouble" tabindex="-1">Where is the trouble?</h2>
        <div class="board ${run === null ? "of-system" : "of-run"}">
          ${run !== null && html`<${Lanes} state=${state} run=${run} />`}
          <${Actors} state=${state} />
          ${state.actor !== null && html`<${Details} state=${state} />`}
        </div>
        <h2>What happened?</h2>
        <div class="board happened ${run === null ? "of-system" : "of-run"}">
          <${Events} state=${state} />
          <${DeadLetters} state=${state} />
          ${run !== null && html`
            <section class="panel values" aria-labelledby="values">
              <header><h3 id="values">Values</h3></header>
              <${Histogram} histogram=${state.history?.histogram} />
            </section>
            <${Results} state=${state} />`}
        </div>`}
    </main>
    <footer><p>${state.tabs > 1 ? `${plural(state.tabs, "tab")} share one stream.` : ""}</p></footer>`;
}

function connectionInWords({ connection, over, snapshot }) {
  if (over !== null) return "over";
  if (connection === "live" && snapshot !== null) return "live";
  return { connecting: "connecting", live: "connecting", lost: "no connection", refused: "not admitted" }[connection];
}

begin();
render(html`<${App} />`, document.body);
