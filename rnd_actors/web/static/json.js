// JSON as the program writes it: its whole numbers have any size.

const MAY_BE_LARGE = /(?<![\d.])\d{16}/; // no decimals, of which nearly all numbers have many
const WHOLE = /^-?\d+$/;

/** Parse JSON; whole numbers that a double would round become BigInts. */
export function parse(text) {
  return MAY_BE_LARGE.test(text) ? JSON.parse(text, keepWhole) : JSON.parse(text);
}

function keepWhole(_, value, context) {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const { source } = context ?? {}; // browsers before 2025 do not tell it
  return source !== undefined && WHOLE.test(source) ? BigInt(source) : value;
}
