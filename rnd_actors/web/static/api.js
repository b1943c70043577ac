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
  return parse(await (await answer(url)).text());
}

/** Return it as a file. */
export async function getBlob(path) {
  return (await answer(new URL(path, ROOT))).blob();
}

/** Have something done, and return its result. */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await answer(new URL(path, ROOT), { method: "POST", headers, body: JSON.stringify(body) });
  return parse(await response.text());
}

async function answer(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new ApiError(0, "The program does not answer.");
  }
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({}));
    throw new ApiError(response.status, error ?? `The program answers with status ${response.status}.`);
  }
  return response;
}
