// How a tab gets the stream: from the shared worker, or by itself, as long as it is looked at.

import { follow } from "./follow.js";

/** Tell of each event of the stream, as long as this page is open. */
export function openStream(tell) {
  if ("SharedWorker" in globalThis) shared(tell);
  else whileVisible(tell);
}

function shared(tell) {
  const url = new URL("stream-worker.js", import.meta.url);
  const { port } = new SharedWorker(url, { type: "module", name: "rnd-actors" });
  port.onmessage = ({ data }) => tell(data);
  port.postMessage("hello");
  addEventListener("pagehide", () => port.postMessage("bye"));
  addEventListener("pageshow", (event) => event.persisted && port.postMessage("hello"));
}

function whileVisible(tell) {
  let end = null;
  function look() {
    if (document.hidden) {
      end?.();
      end = null;
    } else {
      end ??= follow(tell);
    }
  }
  document.addEventListener("visibilitychange", look);
  look();
}
