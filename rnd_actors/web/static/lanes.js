// A lane a worker: what it was doing when, beside what it does now.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/htm-preact.js";
import { RestartWorker } from "./controls.js";
import { HostRow, groupsOf } from "./hosts.js";
import { duration, number } from "./words.js";

const CAP = 48;
const WHOLE = 1000; // each lane is a picture, and a run over a cluster has thousands
const CRASH_WIDTH = 10; // with a gap; of more crashes each is a thin line
const DARK = matchMedia("(prefers-color-scheme: dark)");
const WINDOWS = { "the whole run": Infinity, "last 10 min": 600, "last minute": 60 };
const STATES = ["streaming", "starting", "restarting", "crashed", "given up"];
const SHOWN_AS = { restarting: "backoff" };
const TROUBLE = ["given up", "crashed", "restarting", "starting", "waiting"];
const COLUMNS = { id: "No.", state: "State", samples: "Samples", last_value: "Last", restarts: "Restarts" };

export function Lanes({ state, run }) {
  const [window, setWindow] = useState("the whole run");
  const [order, setOrder] = useState("id");
  const [isWhole, setWhole] = useState(false);
  const workers = useMemo(() => ordered(run.workers, order), [run, order]);
  const groups = groupsOf(run, workers, isWhole ? WHOLE : CAP);
  const to = Math.max(run.elapsed_s, 0.001);
  const from = Math.max(0, to - WINDOWS[window]);
  const heading = (name) => html`<${Heading} name=${name} order=${order} setOrder=${setOrder} />`;
  return html`
    <section class="panel lanes" aria-labelledby="lanes">
      <header>
        <h3 id="lanes">Workers</h3>
        <${Legend} hasReplaced=${workers.some(({ replaced }) => replaced > 0)} />
        <label class="pick">Show <select onChange=${(event) => setWindow(event.target.value)}>
          ${Object.keys(WINDOWS).map((name) => html`<option selected=${name === window}>${name}</option>`)}
        </select></label>
      </header>
      <div class="lane-table" role="table" aria-label="Workers" aria-rowcount=${rowCount(groups)}>
        <div role="rowgroup">
          <div class="lane head" role="row">
            ${["id", "state"].map(heading)}
            <span class="axis-cell" role="columnheader"><span class="unseen">Course</span>
              <${Axis} from=${from} to=${to} last=${state.over === null ? "now" : "end"} /></span>
            ${["samples", "last_value", "restarts"].map(heading)}
            <span role="columnheader"><span class="unseen">Restart</span></span>
          </div>
        </div>
        ${groups.map(({ host, all, shown }) => html`
          <div role="rowgroup" key=${host?.host}>
            ${host !== null && html`<${HostRow} host=${host} workers=${all} />`}
            ${shown.map((worker) => html`
              <${Lane} key=${worker.id} state=${state} worker=${worker} from=${from} to=${to}
                changes=${state.history?.lanes[worker.id]} />`)}
          </div>`)}
      </div>
      ${workers.length > CAP && html`
        <button type="button" class="more" aria-expanded=${isWhole} onClick=${() => setWhole(!isWhole)}>
          ${isWhole ? `Show ${CAP}` : showAll(workers.length)}</button>`}
    </section>`;
}

function Lane({ state, worker, changes, from, to }) {
  const { id, samples, restarts, last_value: last } = worker;
  const isGone = worker.state === "drained";
  const isTroubled = worker.state === "given up" || worker.state === "crashed";
  return html`
    <div class="lane ${isTroubled ? "troubled" : ""} ${isGone ? "gone" : ""}" role="row">
      <span class="id" role="rowheader" title=${placeOf(worker)}>${id}</span>
      <span class="state" role="cell"><${State} name=${worker.state} /></span>
      <span class="course" role="cell">
        <${Course} changes=${changes} present=${worker.state} from=${from} to=${to} /></span>
      <span class="count" role="cell">${number(samples)}</span>
      <span class="count last" role="cell">${last ?? "–"}</span>
      <span class="count restarts" role="cell">${number(restarts)}</span>
      <span class="act" role="cell">${!isGone && html`<${RestartWorker} state=${state} worker=${id} />`}</span>
    </div>`;
}

const showAll = (count) =>
  count <= WHOLE ? `Show all ${number(count)} workers` : `Show ${number(WHOLE)} of ${number(count)} workers`;

/** All rows of the table, shown or not, with those of the heading and of hosts. */
const rowCount = (groups) => groups.reduce((sum, { host, all }) => sum + all.length + (host === null ? 0 : 1), 1);

function placeOf({ host, port, pid }) {
  if (port === null) return null;
  return `${host === null ? "" : `host ${host}, `}port ${port}, process ${pid}`;
}

function Heading({ name, order, setOrder }) {
  const sorted = order === name ? (name === "id" || name === "state" ? "ascending" : "descending") : "none";
  return html`
    <span class="heading ${name}" role="columnheader" aria-sort=${sorted}>
      <button type="button" class="sort" onClick=${() => setOrder(name)}>${COLUMNS[name]}</button>
    </span>`;
}

function Legend({ hasReplaced }) {
  return html`
    <ul class="legend" aria-label="What the lanes show">
      ${[...STATES, ...(hasReplaced ? ["replaced"] : [])].map((name) => html`<li><${State} name=${name} /></li>`)}
    </ul>`;
}

function State({ name }) {
  return html`<i class="swatch ${name.replace(" ", "-")}" aria-hidden="true"></i>${SHOWN_AS[name] ?? name}`;
}

/** Workers in the order of a column, those in trouble first where there are more than are shown. */
function ordered(workers, column) {
  const by = {
    id: (worker) => worker.id,
    state: ({ state }) => (TROUBLE.includes(state) ? TROUBLE.indexOf(state) : TROUBLE.length),
    samples: (worker) => -worker.samples,
    last_value: (worker) => -Number(worker.last_value ?? -Infinity),
    restarts: (worker) => -worker.restarts,
  };
  const troubledFirst = (a, b) => (workers.length > CAP && column === "id" ? by.state(a) - by.state(b) : 0);
  return [...workers].sort((a, b) => troubledFirst(a, b) || by[column](a) - by[column](b) || a.id - b.id);
}

function Course({ changes, present, from, to }) {
  const draw = (context, width, height, colour) => {
    const x = (seconds) => ((Math.max(seconds, from) - from) / (to - from)) * width;
    const spans = spansOf(changes ?? [], present, to).filter(({ end }) => end >= from);
    for (const span of spans) drawSpan(context, span.state, x(span.start), x(span.end), height, colour);
    const crashes = spans.filter(({ state, start }) => state === "crashed" && start >= from);
    const isDense = crashes.length * CRASH_WIDTH > width;
    for (const { start } of crashes) drawEnd(context, x(start), height, colour("bad"), isDense);
    const replaced = spans.filter(({ state, start }) => state === "replaced" && start >= from);
    for (const { start } of replaced) drawEnd(context, x(start), height, colour("warn"), isDense);
  };
  return html`<${Canvas} draw=${draw} />`;
}

function Axis({ from, to, last }) {
  const draw = (context, width, height, colour) => {
    context.fillStyle = colour("ink-2");
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    const step = roundStep(((to - from) * 70) / width);
    for (let at = Math.ceil(from / step) * step; at < to - 0.6 * step; at += step) {
      context.textAlign = at === 0 ? "left" : "center";
      context.fillText(duration(at), ((at - from) / (to - from)) * width, height / 2);
    }
    context.textAlign = "right";
    context.fillText(last, width, height / 2);
  };
  return html`<${Canvas} draw=${draw} />`;
}

/** The next longer of the times by which people count. */
function roundStep(seconds) {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 43_200, 86_400];
  return steps.find((step) => step >= seconds) ?? 86_400 * Math.ceil(seconds / 86_400);
}

/** The states of a worker as spans of time, the present one to the end. */
function spansOf(changes, present, to) {
  const known = changes.at(-1)?.[1] === present ? changes : [...changes, [to, present]];
  return known.map(([start, state], i) => ({ state, start, end: known[i + 1]?.[0] ?? to }));
}

function drawSpan(context, state, start, end, height, colour) {
  const width = Math.max(end - start, 0.5);
  const band = (name, top, tall) => {
    context.fillStyle = colour(name);
    context.fillRect(start, top, width, tall);
  };
  const middle = height / 2;
  if (state === "streaming") band("good", 3, height - 6);
  else if (state === "draining") {
    band("good", 3, 2);
    band("good", height - 5, 2);
  } else if (state === "starting") band("info", middle - 3, 6);
  else if (state === "restarting") band("warn", middle - 1.5, 3);
  else if (state === "crashed") band("bad", middle - 1.5, 3);
  else if (state === "given up") {
    band("bad", middle - 4, 1.5);
    band("bad", middle + 2.5, 1.5);
  } else band("line-2", middle - 0.5, 1);
}

function drawEnd(context, x, height, colour, isDense) {
  context.fillStyle = colour;
  if (isDense) {
    context.fillRect(x - 0.5, 0, 1, height);
    return;
  }
  context.fillRect(x - 1, 0, 2, height);
  context.beginPath();
  context.moveTo(x - 4, 0);
  context.lineTo(x + 4, 0);
  context.lineTo(x, 6);
  context.fill();
}

/** A canvas as wide as its place, drawn again with each redraw, in the colours of the style sheet. */
function Canvas({ draw }) {
  const canvas = useRef();
  const paint = () => {
    const { clientWidth: width, clientHeight: height } = canvas.current;
    const scale = devicePixelRatio;
    Object.assign(canvas.current, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const context = canvas.current.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(canvas.current);
    draw(context, width, height, (name) => style.getPropertyValue(`--${name}`).trim());
  };
  const latest = useRef();
  latest.current = paint;
  useEffect(paint);
  useEffect(() => {
    const repaint = () => latest.current();
    const resize = new ResizeObserver(repaint);
    resize.observe(canvas.current);
    DARK.addEventListener("change", repaint);
    return () => {
      DARK.removeEventListener("change", repaint);
      resize.disconnect();
    };
  }, []);
  return html`<canvas ref=${canvas} aria-hidden="true"></canvas>`;
}
