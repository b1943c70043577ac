// What can be done to a run. Where work would be lost, a dialog asks first.

import { html, useEffect, useRef, useState } from "./vendor/htm-preact.js";
import { knowStop, operate } from "./store.js";
import { number, plural, presentWorkers } from "./words.js";

const isSteerable = ({ over, connection }) => over === null && connection === "live";

/** Stop, and the downloads. */
export function Controls({ state }) {
  const [asks, setAsks] = useState(false);
  return html`
    <div class="controls">
      <button type="button" class="danger" disabled=${!isSteerable(state)} onClick=${() => setAsks(true)}>
        Stop the run…</button>
      ${asks && html`<${StopDialog} state=${state} close=${() => setAsks(false)} />`}
    </div>`;
}

function StopDialog({ state, close }) {
  const stop = (now) => async () => {
    const text = now ? "The run ends at once." : "The run stops.";
    if (await operate("stop", { now }, () => text)) knowStop(now);
    close();
  };
  return html`
    <${Dialog} state=${state} title="Stop the run?" close=${close}>
      <p>Its workers are ended in order. The samples so far count, and a run with a store can be resumed.</p>
      <p>Stopped at once, the workers are killed and the run gives no result; what a store or file holds stays.</p>
      <div class="choices">
        <button type="button" onClick=${close}>Go on</button>
        <button type="button" class="danger" onClick=${stop(true)}>Stop at once, without a result</button>
        ${!state.isStopping && html`<button type="button" class="danger strong" onClick=${stop(false)}>Stop</button>`}
      </div>
    <//>`;
}

/** The controls that stand beside the figures they change. */
export const FigureControls = { Goal, Workers, Deadline, Restarts };

function Goal({ state, run }) {
  const set = (samples) => operate("goal", { samples }, ({ text }) => text);
  if (run.goal === null) return null;
  return html`
    <${Change} state=${state} name="goal" title="Change the goal" label="Samples" value=${run.goal}
      min="1" step="1" set=${set}>
      <p>The run ends as soon as it has that many: now it has ${number(run.samples)}.</p>
    <//>`;
}

function Deadline({ state, run }) {
  const set = (seconds) => operate("deadline", { seconds }, ({ text }) => text);
  return html`
    <${Change} state=${state} name="deadline" title="Change the deadline"
      label="Seconds from the first start; none if empty" value=${run.deadline_s ?? ""}
      min="0.1" step="any" isOptional set=${set}>
      <p>The run ends then with what it has. ${Math.ceil(run.elapsed_s)} s have passed.</p>
    <//>`;
}

function Workers({ state, run }) {
  const [drains, setDrains] = useState(false);
  const isOff = !isSteerable(state);
  const present = presentWorkers(run).length;
  const set = (workers) => operate("scale", { workers }, ({ text }) => text);
  return html`
    <span class="stepper" role="group" aria-label="Number of workers">
      <button type="button" aria-label="One worker less" disabled=${isOff || present <= 1}
        onClick=${() => setDrains(true)}>−</button>
      <button type="button" aria-label="One worker more" disabled=${isOff} onClick=${() => set("+1")}>+</button>
    </span>
    <${Change} state=${state} name="number of workers" title="Change the number of workers" label="Workers"
      value=${present} min="1" max=${run.most_workers} step="1" set=${set}>
      <p>New ones start on free ports. Of fewer the newest go first, and what they have sent still counts.</p>
    <//>
    ${drains && html`
      <${Confirm} state=${state} title="One worker less?" act="Let it go" close=${() => setDrains(false)}
        confirm=${() => set("-1")}>
        <p>The newest worker is ended in order; what it has sent still counts.</p>
      <//>`}`;
}

function Restarts({ state }) {
  const [asks, setAsks] = useState(false);
  const restart = () =>
    operate("restart", { worker: "all" }, (ids) => `${plural(ids.length, "worker")} restarted.`);
  return html`
    <button type="button" class="quiet" disabled=${!isSteerable(state)} onClick=${() => setAsks(true)}>
      Restart all…</button>
    ${asks && html`
      <${Confirm} state=${state} title="Restart all workers?" act="Restart all" close=${() => setAsks(false)}
        confirm=${restart}>
        <p>All are stopped in order and started again. What they have sent counts; nothing comes until then.</p>
      <//>`}`;
}

export function RestartWorker({ state, worker }) {
  const restart = () => operate("restart", { worker }, () => `Worker ${worker} restarted.`);
  return html`
    <button type="button" class="quiet icon" disabled=${!isSteerable(state)} aria-label="Restart worker ${worker}"
      title="Restart worker ${worker}" onClick=${restart}>↻</button>`;
}

/** A button that opens a dialog with one number to change. */
function Change({ state, name, title, label, value, isOptional, set, children, ...bounds }) {
  const [isOpen, setOpen] = useState(false);
  const input = useRef();
  const submit = async (event) => {
    event.preventDefault();
    const text = input.current.value;
    setOpen(false);
    await set(text === "" ? null : Number(text));
  };
  return html`
    <button type="button" class="quiet" disabled=${!isSteerable(state)} onClick=${() => setOpen(true)}
      aria-label="Change the ${name}">Change…</button>
    ${isOpen && html`
      <${Dialog} state=${state} title=${title} close=${() => setOpen(false)}>
        <form onSubmit=${submit}>
          ${children}
          <label>${label}<input ref=${input} type="number" inputmode="decimal" defaultValue=${value}
            required=${!isOptional} autofocus ...${bounds} /></label>
          <div class="choices">
            <button type="button" onClick=${() => setOpen(false)}>Cancel</button>
            <button class="strong">Change</button>
          </div>
        </form>
      <//>`}`;
}

function Confirm({ state, title, act, close, confirm, children }) {
  const go = () => {
    close();
    confirm();
  };
  return html`
    <${Dialog} state=${state} title=${title} close=${close}>
      ${children}
      <div class="choices">
        <button type="button" onClick=${close}>Cancel</button>
        <button type="button" class="strong" onClick=${go}>${act}</button>
      </div>
    <//>`;
}

/** A dialog about a run; when that is over there is nothing left to decide. */
function Dialog({ state, title, close, children }) {
  const dialog = useRef();
  const isOver = state.over !== null;
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    return () => opener?.focus();
  }, []);
  useEffect(() => {
    if (isOver) close();
  }, [isOver]);
  return html`
    <dialog ref=${dialog} aria-label=${title} onClose=${close}>
      <h2>${title}</h2>
      ${children}
    </dialog>`;
}
