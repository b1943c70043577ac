// A field that filters a list.

import { html } from "./vendor/htm-preact.js";

export function Search({ label, value, set }) {
  return html`
    <label class="pick"><span class="unseen">${label}</span><input type="search" placeholder="Filter" value=${value}
      onInput=${(event) => set(event.target.value)} /></label>`;
}
