// Two pictures by uPlot: the rate over time, and the histogram of the values.

import { html, useEffect, useRef } from "./vendor/htm-preact.js";
import { brief, duration, number, rate } from "./words.js";

const { uPlot } = globalThis;
const DARK = matchMedia("(prefers-color-scheme: dark)");
const POINTS = 120;
const BEAT_S = 1;
const SHORTEST_AVERAGE_S = 1;

export function RateChart({ history, run }) {
  const points = rates(history?.samples ?? []);
  const ideal = run.ideal_rate_per_s;
  const data = [
    [0, ...points.map(([at]) => at)],
    [null, ...points.map(([, perSecond]) => perSecond)],
    [ideal, ...points.map(() => ideal)],
  ];
  const said = `Samples a second: ${rate(run.rate_per_s)} on average; ideal would be ${rate(ideal)}.`;
  return html`<${Chart} name="rate" data=${data} make=${rateOptions} said=${said} isEmpty=${points.length === 0} />`;
}

export function Histogram({ histogram }) {
  const counts = histogram?.counts ?? [];
  const edges = histogram?.edges ?? [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const from = originOf(edges);
  const places = edges.map((edge) => (from === null ? edge : Number(BigInt(edge) - from))).map(Number);
  const middles = counts.map((_, i) => (places[i] + places[i + 1]) / 2);
  const range = `${number(total)} values from ${number(edges[0])} to ${number(edges.at(-1))}`;
  const said = `${range}${from === null ? "." : "; the axis counts from the least one."}`;
  return html`
    <${Chart} key=${from} name="histogram" data=${[middles, counts]} said=${total ? said : ""}
      make=${(colour) => histogramOptions(colour, from === null ? "" : "+")} isEmpty=${total === 0} />`;
}

/** Where the axis begins if its numbers are too large for doubles; null: they are not. */
const originOf = ([least]) => (typeof least === "bigint" ? least : null);

/**
 * Samples a second, as an average over the time before each point. Workers that send a line a second send them
 * at nearly the same time: several averages within a beat show their rate, and one would show the beat.
 */
function rates(samples) {
  if (samples.length < 2) return [];
  const [[begin], [end]] = [samples[0], samples.at(-1)];
  const averaged = Math.max(SHORTEST_AVERAGE_S, (end - begin) / 20);
  const first = begin + averaged + BEAT_S;
  const shifts = [0, 0.25, 0.5, 0.75].map((share) => share * BEAT_S);
  const total = totals(samples);
  return Array.from({ length: end > first ? POINTS : 0 }, (_, i) => {
    const at = first + (i / (POINTS - 1)) * (end - first);
    const grown = shifts.map((shift) => total(at - shift) - total(at - shift - averaged));
    return [at, grown.reduce((sum, each) => sum + each) / shifts.length / averaged];
  });
}

/** Return what gives the total at any time, between two points on a line. */
function totals(samples) {
  return (time) => {
    let [low, high] = [0, samples.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (samples[middle][0] <= time) low = middle;
      else high = middle;
    }
    const [[from, before], [to, after]] = [samples[low], samples[high]];
    return before + ((after - before) * (time - from)) / (to - from || 1);
  };
}

function Chart({ name, data, make, said, isEmpty }) {
  const place = useRef();
  const plot = useRef(null);
  useEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      const { clientWidth: width, clientHeight: height } = place.current;
      plot.current = new uPlot({ width, height, ...make(colours()) }, plot.current?.data ?? data, place.current);
    };
    draw();
    const resize = new ResizeObserver(([{ contentRect }]) => plot.current.setSize(contentRect));
    resize.observe(place.current);
    DARK.addEventListener("change", draw);
    return () => {
      DARK.removeEventListener("change", draw);
      resize.disconnect();
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current.setData(data), [data]);
  return html`
    <figure class="chart ${name}">
      <div class="plot" ref=${place} aria-hidden="true"></div>
      ${isEmpty && html`<p class="empty">Not enough samples yet.</p>`}
      <figcaption>${said}</figcaption>
    </figure>`;
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour("ink-2"),
    line: colour("line"),
    good: colour("good"),
    fill: colour("good-fill"),
    calm: colour("ink-3"),
  };
}

function base({ ink, line }, x, y) {
  const axis = { stroke: ink, font: "12px system-ui, sans-serif", ticks: { show: false } };
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 18, 0, 0],
    axes: [
      { ...axis, grid: { show: false }, size: 26, ...x },
      { ...axis, grid: { stroke: line, width: 1 }, size: 46, ...y },
    ],
  };
}

function rateOptions(colour) {
  return {
    ...base(colour, { values: (_, ticks) => ticks.map(shortDuration) }, {}),
    scales: {
      x: { time: false, range: (_, __, high) => [0, high || 1] },
      y: { range: (_, __, high) => [0, Math.max(1, (high ?? 0) * 1.15)] },
    },
    series: [
      {},
      { stroke: colour.good, fill: colour.fill, width: 2, points: { show: false } },
      { stroke: colour.calm, width: 1.5, dash: [5, 4], points: { show: false } },
    ],
  };
}

function histogramOptions(colour, sign) {
  const bars = { width: 1, points: { show: false }, paths: uPlot.paths.bars({ size: [0.92] }) };
  return {
    ...base(colour, { values: (_, ticks) => ticks.map((tick) => sign + brief(tick)) }, {}),
    scales: { x: { time: false, range: widened }, y: { range: (_, __, high) => [0, (high || 1) * 1.1] } },
    series: [{}, { ...bars, stroke: colour.good, fill: colour.fill }],
  };
}

/** Half a bar more on each side, so that the first and last are whole. */
function widened({ data: [middles] }, low, high) {
  const half = middles.length > 1 ? (middles[1] - middles[0]) / 2 : 1;
  return [(low ?? 0) - half, (high ?? 1) + half];
}

const shortDuration = (seconds) => (seconds < 100 ? `${seconds} s` : duration(seconds).replace(/\s0\s(min|s)$/, ""));
