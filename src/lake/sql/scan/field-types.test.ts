import { expect, test } from "vitest";
import { FieldTypes } from "./field-types.ts";

/** Behind the last value of a file without a line end the buffer holds what it held before. */
const leftovers = Array.from({ length: 256 }, (_, byte) => byte);

test.each([
  "2024-01-01",
  "2024-01-01 01:31",
  "2024-01-01 01:31:06",
  "2024-01-01 01:31:06.5",
  "2024-01-01 01:31:06Z",
  "2024-01-01 01:31+02",
  "2024-01-01 01:31-0230",
  "2024-01-01 01:3",
  "12",
  "-",
  "0123",
  "1.5",
  "1.",
  "1e5",
  "1e",
  "true",
])("what lies behind a value says nothing of its type: %s", (value) => {
  const state = (behind: readonly number[]) => {
    const types = new FieldTypes();
    types.note(Buffer.from([...Buffer.from(value), ...behind]), 0, value.length);
    return types.state();
  };
  const alone = state([]);
  for (const byte of leftovers) for (const next of [0x30, 0x2e]) expect(state([byte, next])).toEqual(alone);
});
