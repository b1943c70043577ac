// Numbers and states in words.

const WHOLE = new Intl.NumberFormat("en");
const BRIEF = new Intl.NumberFormat("en", { notation: "scientific", maximumFractionDigits: 2 });
const TENTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : WHOLE.format(value));

/** A number for an axis: of a large one the first digits. */
export const brief = (value) => (Math.abs(value) < 1e6 ? String(value) : BRIEF.format(value));

export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined) return "–";
  return `${perSecond < 100 ? TENTHS.format(perSecond) : WHOLE.format(Math.round(perSecond))}/s`;
}

export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(100 * share)} %`;
}

/** Seconds as people say them, in one line: 9.1 s, 4 min 12 s, 2 h 5 min. */
export const duration = (seconds) => inWords(seconds).replaceAll(" ", "\u00a0");

function inWords(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 100) return `${Number.isInteger(seconds) ? seconds : TENTHS.format(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours >= 48) return `${brief(Math.floor(hours / 24))} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** The time of day of a record, with milliseconds. */
export const clock = (time) => time.slice(11, 23);

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/**
 * Say whether it is all right: `kind` (good, warn, bad, calm) gives colour and shape, `word` is the verdict,
 * and `text` says the rest.
 */
export function verdict({ snapshot, over, isStopping }) {
  if (snapshot === null) return { kind: "calm", word: "Connecting", text: "to the program" };
  return snapshot.run === null ? ofSystem(snapshot, over) : ofRun(snapshot.run, over, isStopping);
}

function ofSystem({ actors }, over) {
  const up = plural(actors.length, "actor");
  if (over !== null) return { kind: "calm", word: "Over", text: `the program shows it no more; it had ${up}` };
  const troubled = actors.filter((actor) => troubleOf(actor) !== null);
  if (troubled.length === 0) return { kind: "good", word: "All is well", text: `${up} up` };
  const [{ name }] = troubled;
  const which = troubled.length === 1 ? `${name} is in trouble` : `${troubled.length} of them are in trouble`;
  return { kind: "warn", word: "Trouble", text: `${up}, ${which}` };
}

function ofRun(run, over, isStopping) {
  const { goal } = run;
  const samples = goal === null ? plural(run.samples, "sample") : `${number(run.samples)} of ${number(goal)}`;
  if (over !== null) return ofEnd(run, over, samples);
  if (isStopping) return { kind: "calm", word: "Stopping", text: join(samples, "the workers are ended in order") };
  const { finish_s: finish, deadline_s: deadline, deadline_lost: lost } = run;
  const trouble = troubleOfRun(run);
  const kind = trouble === null ? "good" : "warn";
  const done = finish === null ? null : `done at ${duration(finish)}`;
  const text = join(samples, done, deadline === null ? null : `deadline ${duration(deadline)}`, trouble);
  if (finish === null) return { kind: trouble ? "warn" : "calm", word: run.samples ? "Collecting" : "Starting", text };
  if (deadline === null) return { kind, word: trouble ? "Going on" : "All is well", text };
  if (lost !== null) return { kind: "bad", word: "Deadline lost", text: join(text, `${number(lost.missing)} will be missing`) };
  if (finish > deadline) return { kind: "bad", word: `Late by ${duration(finish - deadline)}`, text };
  return { kind, word: "On time", text };
}

function ofEnd(run, { outcome, reason }, samples) {
  const words = {
    complete: ["good", "Over: complete"],
    deadline: ["bad", "Over: deadline missed"],
    interrupted: ["warn", "Over: interrupted"],
    failed: ["bad", "Over: failed"],
  };
  const [kind, word] = words[outcome] ?? ["calm", "Over"];
  return { kind, word, text: join(`${samples} in ${duration(run.elapsed_s)}`, reason ?? null) };
}

/** Whether a host cannot be used, which is a trouble. */
export const isDown = ({ state }) => state === "lost" || state === "refused";

/** Whether a worker has not been sent away. */
export const isPresent = ({ state }) => !["draining", "drained"].includes(state);

/** The workers of a run that have not been sent away. */
export const presentWorkers = ({ workers }) => workers.filter(isPresent);

function troubleOfRun(run) {
  const givenUp = run.workers.filter(({ state }) => state === "given up").length;
  const workers = givenUp > 0 ? `${givenUp} of ${plural(presentWorkers(run).length, "worker")} given up` : null;
  return join(workers, troubleOfHosts(run.hosts)) || null;
}

function troubleOfHosts(hosts) {
  const troubled = hosts.filter(isDown);
  if (troubled.length === 0) return null;
  const [{ host, state }] = troubled;
  if (troubled.length === 1) return `host ${host} is ${state}`;
  return `${number(troubled.length)} of ${plural(hosts.length, "host")} are down`;
}

/** What is wrong with an actor at this moment, in words; null: nothing. */
export function troubleOf(actor) {
  if (actor.state === "down" || actor.state === "suspended") return actor.state;
  return isMuch(actor) ? `${number(actor.mailbox)} messages wait` : null;
}

/** Whether more messages wait for an actor than it can be meant to have. */
export const isMuch = ({ mailbox }) => mailbox >= 100;

const join = (...parts) => parts.filter((part) => part !== null).join(", ");
