// What the page asks of the server: JSON there and back.

import { parse } from "./json.js";

const ROOT = new URL("../api/", import.meta.url);

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Return the answer to a question that changes nothing. */
export async function get(path, parameters = {}) {
  const url = new URL(path, ROOT);
  url.search = new URLSearchParams(parameters);
  return parse(await answer(url, {}, (response) => response.text()));
}

/** Return it as a file. */
export async function getBlob(path) {
  return answer(new URL(path, ROOT), {}, (response) => response.blob());
}

/** Have something done, and return its result. */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify(body) };
  return parse(await answer(new URL(path, ROOT), options, (response) => response.text()));
}

/** Return what `read` makes of the answer; the program may also go when it has sent half of it. */
async function answer(url, options, read) {
  let response, body;
  try {
    response = await fetch(url, options);
    if (response.ok) body = await read(response);
  } catch {
    throw new ApiError(0, "The program does not answer.");
  }
  if (response.ok) return body;
  const { error } = await response.json().catch(() => ({}));
  throw new ApiError(response.status, error ?? `The program answers with status ${response.status}.`);
}
