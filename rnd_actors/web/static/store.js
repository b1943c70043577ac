// What the page knows, in one object; whoever shows it is called when it has changed.

import { useEffect, useState } from "./vendor/htm-preact.js";
import { ApiError, get, post } from "./api.js";
import { openStream } from "./stream.js";

const MOST_EVENTS = 1000;
const NOTICE_MS = 8000;
const HISTORY_MS = { shortest: 1000, longest: 10_000 };

export const state = {
  connection: "connecting", // live, lost, refused
  lostAt: null, // milliseconds of the epoch
  tabs: 1, // how many share the stream
  snapshot: null, // the body of GET /api/actors
  history: null, // the body of GET /api/history
  over: null, // the end of the run or system: {outcome, reason}
  isStopping: false, // by this page
  endsAtOnce: false, // likewise
  events: [], // records, the oldest first
  deadLetters: [],
  actor: null, // the name of the actor that is looked into
  details: null, // the body of GET /api/actor?actor=<name>, or {error}
  alert: null, // what went wrong with the last operation
  notice: null, // what the last operation did
};

const listeners = new Set();
let historyAskedAt = 0; // milliseconds of the epoch
let asked = 0; // how many questions were asked
const shown = new Map(); // by path: the number of the question whose answer is shown
let answered = new Set(); // the events of the last answer, some of which the stream tells, too

/** Change what the page knows. */
export function change(changes) {
  Object.assign(state, changes);
  for (const listener of listeners) listener();
}

/** Use in a component: it is drawn again whenever something has changed. */
export function useStore() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((turn) => turn + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return state;
}

/** Begin to follow the program. */
export function begin() {
  openStream(hear);
  addEventListener("hashchange", lookIntoHash);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  lookIntoHash();
}

/** Look into an actor, also after a reload; null: into none. */
export function lookInto(name) {
  const url = name === null ? location.pathname : `#${new URLSearchParams({ actor: name })}`;
  history.replaceState(null, "", url);
  lookIntoHash();
}

/** Carry out an operation on the run, and tell what `done` makes of its result; return whether it was done. */
export async function operate(operation, body, done) {
  const answer = await attempt(post(operation, body));
  if (answer === null) return false;
  const notice = done(answer.result);
  change({ notice });
  setTimeout(() => state.notice === notice && change({ notice: null }), NOTICE_MS);
  return true;
}

/** Know that this page has stopped the run, in order or at once. */
export function knowStop(endsAtOnce) {
  change({ isStopping: true, endsAtOnce });
  concludeEnd();
}

/** Return an answer; if there is none, say why and return null. */
export async function attempt(answer) {
  change({ alert: null, notice: null });
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    change({ alert: error.message });
    return null;
  }
}

function hear({ type, data }) {
  switch (type) {
    case "shared":
      return change({ tabs: data });
    case "connected":
      change({ connection: "live", lostAt: null });
      return askEvents();
    case "lost":
      change({ connection: "lost", lostAt: state.lostAt ?? data.at });
      return concludeEnd();
    case "refused":
      return change({ connection: "refused" });
    case "snapshot":
      return seeSnapshot(data);
    case "log":
      return hearEvent(data);
    case "history": // the last one, before it is over
      shown.set("history", ++asked);
      return change({ history: data });
    case "over":
      return change({ over: data, connection: "live" });
  }
}

/** A program that is ended at once may be gone before it says so, and before its answer is read. */
function concludeEnd() {
  if (state.endsAtOnce && state.connection === "lost") change({ connection: "live", lostAt: null, over: state.over ?? {} });
}

/** Show a record, unless the last answer had it already. */
function hearEvent(record) {
  if (!answered.has(keyOf(record))) change({ events: [...state.events, eventOf(record)].slice(-MOST_EVENTS) });
}

const keyOf = ({ time, text }) => `${time} ${text}`;

/** A record; of events that were too many for the stream, how many there were. */
function eventOf(record) {
  if (!("lost" in record)) return record;
  const time = state.events.at(-1)?.time ?? "";
  return { time, level: "INFO", event: "lost", text: `… and ${record.lost} more events` };
}

function seeSnapshot(snapshot) {
  const before = state.snapshot;
  const isNew = before?.run?.id !== snapshot.run?.id || before?.run?.started_at !== snapshot.run?.started_at;
  if (before !== null && isNew) {
    change({ history: null, over: null, isStopping: false, endsAtOnce: false, events: [] });
    askEvents(); // they may have been answered before
  }
  change({ snapshot });
  if (document.hidden) return;
  if (before === null || isNew || snapshot.dead_letters !== before.dead_letters) askDeadLetters();
  if (state.actor !== null) askDetails();
  const elapsedMs = 1000 * (snapshot.run?.elapsed_s ?? 0);
  const everyMs = Math.max(HISTORY_MS.shortest, Math.min(elapsedMs / 200, HISTORY_MS.longest));
  if (snapshot.run !== null && Date.now() - historyAskedAt > everyMs - 100) askHistory();
}

function refresh() {
  if (state.snapshot?.run) askHistory();
  if (state.actor !== null) askDetails();
  askDeadLetters();
}

function askHistory() {
  historyAskedAt = Date.now();
  ask("history", {}, (history) => ({ history }));
}

function askEvents() {
  ask("events", { level: "info", n: 500 }, (events) => {
    const last = events.at(-1)?.time ?? "";
    answered = new Set(events.map(keyOf));
    const isNewer = (event) => event.time >= last && !answered.has(keyOf(event));
    return { events: [...events, ...state.events.filter(isNewer)] };
  });
}

function askDeadLetters() {
  ask("dead-letters", {}, (deadLetters) => ({ deadLetters }));
}

async function askDetails() {
  const name = state.actor;
  const body = await get("actor", { actor: name }).catch((error) => ({ error: error.message, status: error.status }));
  const isGone = body.status === 404;
  if (name === state.actor && (isGone || !body.error)) change({ details: body });
}

/**
 * Ask, and keep what was known if there is no answer: the stream tells when the program is gone. An answer that
 * comes after that to a later question is of no use.
 */
async function ask(path, parameters, changes) {
  const number = ++asked;
  const body = await get(path, parameters).catch(() => null);
  if (body === null || number < (shown.get(path) ?? 0)) return;
  shown.set(path, number);
  change(changes(body));
}

function lookIntoHash() {
  const name = new URLSearchParams(location.hash.slice(1)).get("actor");
  if (name === state.actor) return;
  change({ actor: name, details: null });
  if (name !== null) askDetails();
}
