// A shared worker: all tabs of this page have one stream, since a browser opens few connections to a host.

import { follow } from "./follow.js";

const tabs = new Set();
const last = new Map(); // what a tab that comes later has to know, by type
let end = null;

onconnect = ({ ports: [tab] }) => {
  tab.onmessage = ({ data }) => (data === "hello" ? enter(tab) : leave(tab));
};

function enter(tab) {
  tabs.add(tab);
  send({ type: "shared", data: tabs.size });
  if (last.has("over")) endStream(); // somebody has served this tab: the same program, or the next one
  for (const event of last.values()) tab.postMessage(event);
  end ??= follow(tell);
}

function leave(tab) {
  tabs.delete(tab);
  send({ type: "shared", data: tabs.size });
  if (tabs.size === 0) endStream();
}

function endStream() {
  end?.();
  end = null;
  last.clear();
}

function tell(event) {
  if (["connected", "lost", "refused"].includes(event.type)) {
    for (const type of ["connected", "lost", "refused"]) last.delete(type);
  }
  if (event.type !== "log") last.set(event.type, event);
  send(event);
}

function send(event) {
  for (const tab of tabs) tab.postMessage(event);
}
