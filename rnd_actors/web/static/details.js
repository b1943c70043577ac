// One actor: what it has, does and waits for, what has become of it, and its next messages.

import { html, useEffect, useRef, useState } from "./vendor/htm-preact.js";
import { ApiError, post } from "./api.js";
import { Sign } from "./overview.js";
import { lookInto } from "./store.js";
import { clock, duration, number, plural } from "./words.js";

const SHOWN = 15;
const TOO_COMMON = "SamplesAccepted";
const TRACED = { n: 20, seconds: 10 };

export function Details({ state }) {
  const { actor: name, details } = state;
  const place = useRef();
  useEffect(() => {
    if (place.current.getBoundingClientRect().top > innerHeight) {
      place.current.scrollIntoView({ block: "nearest" });
    }
  }, [name]);
  return html`
    <section class="panel details" aria-labelledby="details" ref=${place}>
      <header>
        <h3 id="details">${name}</h3>
        <button type="button" class="quiet" onClick=${() => lookInto(null)}>Close</button>
      </header>
      ${contentOf(name, details, state.over !== null)}
    </section>`;
}

function contentOf(name, details, isOver) {
  if (details === null) return html`<p class="empty">Looking …</p>`;
  if (details.error) return html`<p class="empty">${details.error}</p>`;
  return html`<${Inspection} key=${name} it=${details} isOver=${isOver} />`;
}

function Inspection({ it, isOver }) {
  const { stats } = it;
  const events = it.events.filter(({ event }) => event !== TOO_COMMON);
  const more = stats.mailbox - it.waiting.length;
  return html`
    <div class="inspection">
      <p class="doing"><span class="kind">${it.kind || "down"}</span> #${it.incarnation} ${it.doing}</p>
      ${it.is_suspended && html`<p class="doing"><${Sign} kind="warn" />It is suspended.</p>`}
      <dl class="small-figures">
        ${["told", "handled", "failed", "dead", "refused", "stashed"].map((name) => html`
          <div class=${stats[name] > 0 ? name : ""}><dt>${name}</dt><dd>${number(stats[name])}</dd></div>`)}
        <div><dt>busy</dt><dd>${duration(stats.busy_s)}</dd></div>
      </dl>
      <${Part} title="State" isShown=${Object.keys(it.state).length > 0}>
        <dl class="pairs">
          ${Object.entries(it.state).map(([key, value]) => html`<div><dt>${key}</dt><dd>${value}</dd></div>`)}
        </dl>
      <//>
      <${Part} title="Waiting: ${number(stats.mailbox)}" isShown=${it.waiting.length > 0}>
        <ol class="lines">
          ${it.waiting.map((message) => html`<li>${message}</li>`)}
          ${more > 0 && html`<li>… and ${number(more)} more</li>`}
        </ol>
      <//>
      <${Part} title="Timers" isShown=${Object.keys(it.timers).length + it.timers_without_key > 0}>
        <ul class="lines">
          ${Object.entries(it.timers).map(([key, left]) => html`<li>${key} in ${duration(left)}</li>`)}
          ${it.timers_without_key > 0 && html`<li>${number(it.timers_without_key)} without a key</li>`}
        </ul>
      <//>
      <${Part} title="Watched by" isShown=${it.watchers.length > 0}><p class="lines">${it.watchers.join(", ")}</p><//>
      <${Part} title="Ends" isShown=${it.ends.length > 0}>
        <ol class="lines">${newest(it.ends).map((end) => html`
          <li><time>${clock(end.time)}</time> #${end.incarnation} ${end.reason}</li>`)}</ol>
      <//>
      <${Part} title="Events" isShown=${events.length > 0}>
        <ol class="lines">${newest(events).map((event) => html`
          <li class=${event.level.toLowerCase()}><time>${clock(event.time)}</time> ${event.text}</li>`)}</ol>
      <//>
      <${Trace} name=${it.name} isOver=${isOver} />
      ${it.stack !== "" && html`
        <details><summary>Stack</summary><pre tabindex="0" aria-label="Stack">${it.stack}</pre></details>`}
    </div>`;
}

function Part({ title, isShown, children }) {
  return isShown ? html`<section class="part"><h4>${title}</h4>${children}</section>` : null;
}

function Trace({ name, isOver }) {
  const { n, seconds } = TRACED;
  const [messages, setMessages] = useState(null);
  const [isWaiting, setWaiting] = useState(false);
  const [error, setError] = useState(null);
  const begin = async () => {
    setWaiting(true);
    setError(null);
    try {
      setMessages((await post("trace", { actor: name, n, seconds })).messages);
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure.message);
    }
    setWaiting(false);
  };
  return html`
    <section class="part">
      <h4>Next messages</h4>
      <button type="button" disabled=${isWaiting || isOver} onClick=${begin}>
        ${isWaiting ? `Waiting for ${n} messages, for ${seconds} s at most …` : `Trace the next ${n}`}</button>
      ${error !== null && html`<p class="lines bad" role="alert">${error}</p>`}
      ${messages !== null && html`
        <p class="unseen" role="status">${plural(messages.length, "message")} traced</p>
        ${messages.length === 0 && html`<p class="lines">None came.</p>`}
        <ol class="lines">${messages.map((each) => html`
          <li class=${each.outcome}><time>${clock(each.time)}</time> ${each.outcome} in ${brief(each.seconds)}
            ${" "}${each.message}</li>`)}</ol>`}
    </section>`;
}

const newest = (records) => records.slice(-SHOWN).reverse();

const brief = (seconds) => (seconds < 0.01 ? `${number(Math.round(seconds * 1e6))} µs` : duration(seconds));
