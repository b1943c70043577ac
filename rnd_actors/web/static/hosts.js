// The hosts of a run over a cluster, and the workers of each.

import { html } from "./vendor/htm-preact.js";
import { Sign } from "./overview.js";
import { isDown, isPresent, number, plural } from "./words.js";

const NOWHERE = { host: "no host yet", state: "left", samples: 0 };
const byName = new Intl.Collator("en", { numeric: true }).compare;

/**
 * The workers, which are in order, host by host: hosts that are down come first, and stay without workers, too.
 * All have as many workers as asked for, the first ones of all hosts; `all` of a group are those of its host. Of one
 * machine there is one group.
 */
export function groupsOf({ hosts }, workers, most) {
  if (hosts.length === 0) return [{ host: null, all: workers, shown: workers.slice(0, most) }];
  const byHost = Map.groupBy(workers, ({ host }) => host ?? NOWHERE.host);
  const known = [...hosts].sort((a, b) => isDown(b) - isDown(a) || byName(a.host, b.host));
  const first = new Set(workers.slice(0, most));
  return [...known, NOWHERE]
    .map((host) => {
      const all = byHost.get(host.host) ?? [];
      return { host, all, shown: all.filter((worker) => first.has(worker)) };
    })
    .filter(({ host, shown }) => shown.length > 0 || isDown(host));
}

/** The row above the lanes of a host. */
export function HostRow({ host, workers }) {
  const present = workers.filter(isPresent);
  const streaming = present.filter(({ state }) => state === "streaming").length;
  const figures = `${plural(present.length, "worker")}, ${number(streaming)} streaming, ${plural(host.samples, "sample")}`;
  return html`
    <div class="lane host ${isDown(host) ? "troubled" : ""}" role="row">
      <span role="rowheader" aria-colspan="7">
        ${isDown(host) && html`<${Sign} kind="warn" />`}<b>${host.host}</b>
        ${isDown(host) && html` <span class="why">is ${host.state}: ${host.why}</span>`}
        ${" "}${(workers.length > 0 || host.samples > 0) && html`<span class="aside">${figures}</span>`}
      </span>
    </div>`;
}
