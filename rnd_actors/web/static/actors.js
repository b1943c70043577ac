// The supervision tree: as many rows as fit are in the document, however many actors there are.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/htm-preact.js";
import { Search } from "./search.js";
import { lookInto } from "./store.js";
import { isMuch, number, percent, plural, troubleOf } from "./words.js";

const OVERSCAN = 6;
const TALL = matchMedia("(max-width: 45rem)"); // rows that a finger hits

export function Actors({ state }) {
  const actors = state.snapshot.actors;
  const [filter, setFilter] = useState("");
  const [isTroubledFirst, setTroubledFirst] = useState(false);
  const [closed, setClosed] = useState(new Set());
  const rows = useMemo(
    () => rowsOf(actors, filter.trim().toLowerCase(), isTroubledFirst, closed),
    [actors, filter, isTroubledFirst, closed],
  );
  const setOpen = (name, isOpen) => {
    const names = new Set(closed);
    if (isOpen) names.delete(name);
    else names.add(name);
    setClosed(names);
  };
  const troubled = actors.filter((actor) => troubleOf(actor) !== null).length;
  return html`
    <section class="panel actors" aria-labelledby="actors">
      <header>
        <h3 id="actors">Actors</h3>
        <p class="aside">${plural(actors.length, "actor")}${troubled > 0 && `, ${number(troubled)} in trouble`};
          choose one to look into it</p>
        <label class="pick"><input type="checkbox" checked=${isTroubledFirst}
          onChange=${(event) => setTroubledFirst(event.target.checked)} /> Trouble first</label>
        <${Search} label="Filter actors" value=${filter} set=${setFilter} />
      </header>
      <${Tree} rows=${rows} opened=${state.actor} setOpen=${setOpen} />
    </section>`;
}

/** Rows in the order of the picture: each actor before its children, none below a closed one. */
function rowsOf(actors, filter, isTroubledFirst, closed) {
  const children = Map.groupBy(actors, ({ parent }) => parent);
  const troubles = new Map();
  const byTrouble = (a, b) => troubles.get(b.name) - troubles.get(a.name);
  const troubleBelow = (actor) => {
    const own = troubleOf(actor) === null ? 0 : 1;
    const below = (children.get(actor.name) ?? []).reduce((sum, child) => sum + troubleBelow(child), 0);
    troubles.set(actor.name, own + below);
    return own + below;
  };
  const roots = children.get("") ?? [];
  roots.forEach(troubleBelow);
  if (filter !== "") {
    const found = actors.filter(({ name, kind, doing }) => `${name} ${kind} ${doing}`.toLowerCase().includes(filter));
    if (isTroubledFirst) found.sort(byTrouble);
    return found.map((actor) => ({ actor, label: actor.name, level: 1, isOpen: null }));
  }
  const rows = [];
  const add = (siblings, level) => {
    for (const actor of isTroubledFirst ? [...siblings].sort(byTrouble) : siblings) {
      const below = children.get(actor.name) ?? [];
      const isOpen = below.length === 0 ? null : !closed.has(actor.name);
      const hidden = isOpen === false ? troubles.get(actor.name) : 0;
      rows.push({ actor, label: shortName(actor), level, isOpen, hidden });
      if (isOpen) add(below, level + 1);
    }
  };
  add(roots, 1);
  return rows;
}

const shortName = ({ name, parent }) => (name.startsWith(`${parent}/`) ? name.slice(parent.length + 1) : name);

function Tree({ rows, opened, setOpen }) {
  const place = useRef();
  const [active, setActive] = useState(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const rowHeight = TALL.matches ? 44 : 30;
  const look = () => setView({ top: place.current.scrollTop, height: place.current.clientHeight });
  useEffect(() => {
    const resize = new ResizeObserver(look);
    resize.observe(place.current);
    return () => resize.disconnect();
  }, []);
  const at = Math.max(0, rows.findIndex(({ actor }) => actor.name === (active ?? opened)));
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  const go = (index) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setActive(rows[to]?.actor.name ?? null);
    scrollTo(place.current, to, rowHeight);
  };
  const onKeyDown = (event) => {
    if (rows.length === 0) return;
    const { actor, isOpen, level } = rows[at];
    const parent = rows.slice(0, at).findLastIndex((row) => row.level < level);
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 2);
    const keys = {
      ArrowDown: () => go(active === null ? at : at + 1),
      ArrowUp: () => go(at - 1),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => (isOpen === false ? setOpen(actor.name, true) : isOpen && go(at + 1)),
      ArrowLeft: () => (isOpen ? setOpen(actor.name, false) : parent >= 0 && go(parent)),
      Enter: () => lookInto(actor.name),
      " ": () => lookInto(actor.name),
    };
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  };
  const isShown = at >= first && at < last;
  return html`
    <div class="tree" role="treegrid" aria-label="Actors" aria-rowcount=${rows.length + 1} tabindex="0"
        aria-activedescendant=${isShown && rows.length ? `actor-${at}` : null}
        ref=${place} onScroll=${look} onKeyDown=${onKeyDown}>
      <div role="rowgroup" class="tree-head">
        <div class="actor head" role="row" aria-rowindex="1">
          ${["Name", "State", "Doing", "Mailbox", "Msgs/s", "Busy", "Restarts", "Life"].map((name) => html`
            <span role="columnheader" class=${name.toLowerCase().replace("msgs/s", "messages")}>${name}</span>`)}
        </div>
      </div>
      <div role="rowgroup" class="tree-body" style=${{ height: `${rows.length * rowHeight}px` }}>
        ${rows.slice(first, last).map((row, i) => html`
          <${Row} key=${row.actor.name} row=${row} index=${first + i} rowHeight=${rowHeight} setOpen=${setOpen}
            isActive=${first + i === at} isOpened=${row.actor.name === opened}
            choose=${() => { setActive(row.actor.name); lookInto(row.actor.name); }} />`)}
      </div>
      ${rows.length === 0 && html`<p class="empty">No actor is like that.</p>`}
    </div>`;
}

function Row({ row, index, rowHeight, isActive, isOpened, setOpen, choose }) {
  const { actor, label, level, isOpen, hidden } = row;
  const trouble = troubleOf(actor);
  const pace = actor.messages_per_s;
  const toggle = (event) => {
    event.stopPropagation();
    setOpen(actor.name, !isOpen);
  };
  const classes = { troubled: trouble !== null, active: isActive, opened: isOpened };
  const given = Object.keys(classes).filter((name) => classes[name]);
  return html`
    <div id="actor-${index}" class=${["actor", ...given].join(" ")} role="row"
        aria-level=${level} aria-rowindex=${index + 2}
        aria-expanded=${isOpen === null ? null : String(isOpen)} aria-selected=${String(isOpened)}
        style=${{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }} onClick=${choose}>
      <span role="gridcell" class="name" style=${{ paddingLeft: `${(level - 1) * 1.1}rem` }} title=${actor.name}>
        <i class="twist ${isOpen === null ? "leaf" : isOpen ? "open" : ""}" aria-hidden="true"
          onClick=${isOpen === null ? null : toggle}></i>
        <span class="label">${label}</span> <span class="kind">${actor.kind}</span>
        ${hidden > 0 && html`<span class="hidden-trouble">${plural(hidden, "trouble")} below</span>`}
      </span>
      <span role="gridcell" class="state"><i class="dot ${actor.state}" aria-hidden="true"></i>${actor.state}</span>
      <span role="gridcell" class="doing" title=${actor.doing}>${actor.doing}</span>
      <span role="gridcell" class="count mailbox ${isMuch(actor) ? "much" : ""}">${number(actor.mailbox)}</span>
      <span role="gridcell" class="count messages">${number(pace === null ? null : Math.round(pace))}</span>
      <span role="gridcell" class="count busy">${percent(actor.busy)}</span>
      <span role="gridcell" class="count restarts">${number(actor.restarts)}</span>
      <span role="gridcell" class="count life">#${actor.incarnation}</span>
    </div>`;
}

/** Scroll a row into view, below the heading that stays. */
function scrollTo(place, index, rowHeight) {
  const top = index * rowHeight;
  const room = place.clientHeight - rowHeight;
  if (top < place.scrollTop) place.scrollTop = top;
  else if (top + rowHeight > place.scrollTop + room) place.scrollTop = top + rowHeight - room;
}
