// One stream of server-sent events that comes back by itself.

import { parse } from "./json.js";

const ROOT = new URL("../api/", import.meta.url);
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;
const SILENCE_MS = 8000; // a snapshot comes every second

/**
 * Follow the stream, and tell of each event `{type, data}`. Besides those of the server (`snapshot`, `log`,
 * `history`, `over`) there are `connected`, `lost` and `refused`: the key of this page is no longer valid. Return a
 * function that ends it.
 */
export function follow(tell) {
  let source, timer, hasEnded = false, retryMs = FIRST_RETRY_MS, isLost = false;

  function connect() {
    source = new EventSource(new URL("stream", ROOT));
    expectMore();
    source.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      isLost = false;
      tell({ type: "connected" });
    };
    for (const type of ["snapshot", "log", "history"]) {
      source.addEventListener(type, (event) => {
        expectMore();
        tell({ type, data: parse(event.data) });
      });
    }
    source.addEventListener("over", (event) => {
      end();
      tell({ type: "over", data: parse(event.data) });
    });
    source.onerror = retry;
  }

  /** A program that hangs, or a network that is gone, closes no connection. */
  function expectMore() {
    clearTimeout(timer);
    timer = setTimeout(retry, SILENCE_MS);
  }

  async function retry() {
    clearTimeout(timer);
    source.close();
    if (hasEnded) return;
    if (!isLost) tell({ type: "lost", data: { at: Date.now() } });
    isLost = true;
    const isNotLetIn = await isRefused();
    if (hasEnded) return;
    if (isNotLetIn) tell({ type: "refused" });
    timer = setTimeout(connect, retryMs);
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  }

  function end() {
    hasEnded = true;
    clearTimeout(timer);
    source.close();
  }

  connect();
  return end;
}

/** An EventSource does not tell why it has failed. */
async function isRefused() {
  try {
    const signal = AbortSignal.timeout(SILENCE_MS);
    return (await fetch(new URL("openapi.json", ROOT), { method: "HEAD", signal })).status === 401;
  } catch {
    return false;
  }
}
