// Is it all right? One sentence, two bars, and the figures, with the controls beside those that they change.

import { html, useEffect, useState } from "./vendor/htm-preact.js";
import { RateChart } from "./charts.js";
import { Controls, FigureControls } from "./controls.js";
import { duration, number, plural, presentWorkers, rate, verdict } from "./words.js";

export function Overview({ state }) {
  const { kind, word, text } = verdict(state);
  const run = runOf(state);
  useEffect(() => {
    document.title = run?.goal ? `${word} · ${run.samples}/${run.goal}` : `${word} · rnd-actors`;
  });
  return html`
    <section class="overview ${kind} ${run === null ? "" : "has-run"}" aria-labelledby="verdict">
      <h1 id="verdict" class="verdict">
        <${Sign} kind=${kind} /><span class="word">${word}${word.includes(":") ? "." : ":"}</span>
        ${" "}<span class="rest">${text}</span>
      </h1>
      <p class="unseen" role="status">${word}</p>
      ${run !== null && html`
        <${Bars} run=${run} />
        <${Figures} state=${state} run=${run} />
        <div class="rate">
          <h2>Samples a second, and the ideal</h2>
          <${RateChart} history=${state.history} run=${run} />
        </div>
        <${Controls} state=${state} />`}
    </section>`;
}

/** The run as it is shown: once it is over, nothing of it lies ahead. */
function runOf({ snapshot, over }) {
  const run = snapshot?.run ?? null;
  if (run === null || over === null) return run;
  return isComplete(over) ? { ...run, progress: 1, finish_s: run.elapsed_s } : { ...run, finish_s: null };
}

const isComplete = (over) => over.outcome === "complete";

/** A sign whose shape says what its colour says. */
export function Sign({ kind }) {
  const shapes = {
    good: html`<circle cx="12" cy="12" r="11" /><path class="mark" d="m7 12.5 3.5 3.5 6.5-7.5" />`,
    warn: html`<path d="M12 1.5 23 21.5H1z" /><path class="mark" d="M12 9v6m0 2.4v.4" />`,
    bad: html`<path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" /><path class="mark" d="m8 8 8 8m0-8-8 8" />`,
    calm: html`<circle cx="12" cy="12" r="11" /><path class="mark" d="M7 12h10" />`,
  };
  return html`<svg class="sign ${kind}" viewBox="0 0 24 24" aria-hidden="true">${shapes[kind]}</svg>`;
}

function Bars({ run }) {
  const { elapsed_s: now, finish_s: finish, deadline_s: deadline } = run;
  const last = 1.02 * Math.max(now, finish ?? 0, deadline ?? 0) || 1;
  const at = (seconds) => `${(100 * seconds) / last}%`;
  const percent = Math.floor(100 * run.progress);
  const isLate = finish !== null && deadline !== null && finish > deadline;
  return html`
    <div class="bars">
      <span class="bar-name" id="bar-samples">Progress</span>
      <div class="bar" role="progressbar" aria-labelledby="bar-samples" aria-valuemin="0" aria-valuemax="100"
          aria-valuenow=${percent}>
        <div class="fill" style=${{ width: `${100 * Math.min(1, run.progress)}%` }}></div>
      </div>
      <span class="bar-value">${percent} %</span>
      <span class="bar-name">Time</span>
      <div class="bar time" role="img" aria-label=${timeInWords(run)}>
        <div class="fill" style=${{ width: at(now) }}></div>
        ${finish !== null && html`<div class="ahead" style=${{ left: at(now), width: at(finish - now) }}></div>`}
        ${isLate && html`<div class="late" style=${{ left: at(deadline), width: at(finish - deadline) }}></div>`}
        ${deadline !== null && html`<div class="deadline" style=${{ left: at(deadline) }}></div>`}
      </div>
      <span class="bar-value">${duration(now)}</span>
    </div>`;
}

function timeInWords({ elapsed_s: now, finish_s: finish, deadline_s: deadline }) {
  const parts = [`now ${duration(now)}`];
  if (finish !== null) parts.push(`done at ${duration(finish)}`);
  if (deadline !== null) parts.push(`deadline ${duration(deadline)}`);
  return parts.join(", ");
}

function Figures({ state, run }) {
  const ideal = run.ideal_rate_per_s;
  return html`
    <dl class="figures">
      <${Figure} name="Samples" value=${number(run.samples)}
        note=${run.goal === null ? "the goal is no number" : `of ${number(run.goal)}`}>
        <${FigureControls.Goal} state=${state} run=${run} /><//>
      <${Figure} name="Workers" value=${number(presentWorkers(run).length)}
        note=${`${number(streaming(run))} streaming${onHosts(run)}`}>
        <${FigureControls.Workers} state=${state} run=${run} /><//>
      <${Figure} name="Deadline" value=${run.deadline_s === null ? "none" : duration(run.deadline_s)}
        note=${slack(run, state.over)}>
        <${FigureControls.Deadline} state=${state} run=${run} /><//>
      <${Figure} name="Done at" value=${duration(run.finish_s)} note=${doneInWords(state.over)} />
      <${Figure} name="Rate" value=${rate(run.rate_per_s)} note=${ideal === null ? null : `ideal ${rate(ideal)}`} />
      <${Figure} name="Restarts" value=${number(run.restarts)}
        note=${plural(run.warnings, "warning")}>
        <${FigureControls.Restarts} state=${state} run=${run} /><//>
    </dl>`;
}

function Figure({ name, value, note, children }) {
  return html`
    <div class="figure">
      <dt>${name}</dt>
      <dd><span class="value">${value}</span>${note !== null && html`<span class="note">${note}</span>`}${children}</dd>
    </div>`;
}

const onHosts = ({ hosts }) =>
  hosts.length > 0 ? `, ${plural(hosts.filter(({ state }) => state === "up").length, "host")}` : "";

const streaming = ({ workers }) => workers.filter(({ state }) => state === "streaming").length;

function doneInWords(over) {
  if (over === null) return "at this rate";
  return isComplete(over) ? null : "the goal was not reached";
}

function slack({ finish_s: finish, deadline_s: deadline }, over) {
  if (deadline === null) return over === null ? "takes as long as it takes" : null;
  if (finish === null) return "from the first start";
  const left = deadline - finish;
  return left >= 0 ? `${duration(left)} to spare` : `${duration(-left)} too late`;
}

/** What is to be said above everything: no connection, errors and results of operations. */
export function Notes({ state, dismiss }) {
  const { connection, lostAt, over, alert, notice } = state;
  const isLost = over === null && connection !== "live" && connection !== "connecting";
  return html`
    <div class="notes">
      <div role="status">
        ${isLost && connection === "lost" && html`<p class="note-line warn"><${Sign} kind="warn" />No connection.${" "}
          <span aria-hidden="true"><${Since} at=${lostAt} /></span> Trying again; below is what was known last.</p>`}
        ${isLost && connection === "refused" && html`<p class="note-line warn"><${Sign} kind="warn" />
          The program does not know this page any more: open the address that it has printed.</p>`}
        ${notice !== null && html`<p class="note-line calm">
          <span class="sentence">${notice}</span><${Dismiss} dismiss=${dismiss} /></p>`}
      </div>
      <div role="alert">
        ${alert !== null && html`<p class="note-line bad"><${Sign} kind="bad" />
          <span class="sentence">${alert}</span><${Dismiss} dismiss=${dismiss} /></p>`}
      </div>
    </div>`;
}

function Dismiss({ dismiss }) {
  return html`<button type="button" class="quiet dismiss" aria-label="Dismiss" onClick=${dismiss}>×</button>`;
}

function Since({ at }) {
  const [now, tick] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`It was lost ${Math.max(0, Math.round((now - at) / 1000))} s ago.`;
}
