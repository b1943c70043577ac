// What happened? Events with filters and pause, and dead letters.

import { html, useState } from "./vendor/htm-preact.js";
import { Search } from "./search.js";
import { clock, number, plural } from "./words.js";

const LEVELS = { INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 };
const SHOWN = 200;

export function Events({ state }) {
  const [level, setLevel] = useState("INFO");
  const [filter, setFilter] = useState("");
  const [paused, setPaused] = useState(null);
  const events = paused ?? state.events;
  const wanted = filter.trim().toLowerCase();
  const found = events.filter((event) =>
    LEVELS[event.level] >= LEVELS[level] && `${event.event} ${event.text}`.toLowerCase().includes(wanted));
  const last = events.at(-1)?.time ?? "";
  const newer = state.events.filter(({ time }) => time > last).length;
  return html`
    <section class="panel events" aria-labelledby="events">
      <header>
        <h3 id="events">Events</h3>
        <p class="aside">${plural(found.length, "event")}${newer > 0 && `, ${number(newer)} newer`}</p>
        <button type="button" class="quiet" aria-pressed=${String(paused !== null)}
          onClick=${() => setPaused(paused === null ? state.events : null)}>
          ${paused === null ? "Pause" : "Go on"}</button>
        <label class="pick"><span class="unseen">Lowest level</span><select value=${level}
            onChange=${(event) => setLevel(event.target.value)}>
          <option value="INFO">All levels</option>
          <option value="WARNING">Warnings and errors</option>
          <option value="ERROR">Errors</option>
        </select></label>
        <${Search} label="Filter events" value=${filter} set=${setFilter} />
      </header>
      ${found.length === 0
        ? html`<p class="empty">${events.length === 0 ? "Nothing has happened yet." : "No event is like that."}</p>`
        : html`<ol class="log" tabindex="0" aria-label="Events, the newest first">
            ${found.slice(-SHOWN).reverse().map((event) => html`<${Line} event=${event} />`)}
          </ol>`}
    </section>`;
}

function Line({ event }) {
  const level = event.level.toLowerCase();
  return html`
    <li class=${level}>
      <time datetime=${event.time}>${clock(event.time)}</time>
      <span class="level"><i class="level-sign ${level}" aria-hidden="true"></i>${level}</span>
      <span class="text">${event.text}</span>
    </li>`;
}

export function DeadLetters({ state }) {
  const letters = [...state.deadLetters].reverse();
  return html`
    <section class="panel dead-letters" aria-labelledby="dead-letters">
      <header>
        <h3 id="dead-letters">Dead letters</h3>
        <p class="aside">${number(state.snapshot.dead_letters)}</p>
      </header>
      ${letters.length === 0
        ? html`<p class="empty">Every message has found its actor.</p>`
        : html`<ol class="log" tabindex="0" aria-label="Dead letters, the newest first">
            ${letters.map((letter) => html`
              <li><time datetime=${letter.time}>${clock(letter.time)}</time>
                <span class="to">${letter.actor}</span>
                <span class="text">${letter.message}: ${letter.why}</span></li>`)}
          </ol>`}
    </section>`;
}
