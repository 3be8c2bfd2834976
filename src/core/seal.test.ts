import { expect, test } from "vitest";
import { createSealer, type SealingKeys } from "./seal.ts";

const secret = "a secret of thirty-two characters";
const bytes = Buffer.from("who called what");
const sealer = createSealer([secret], "test");

test("what was sealed is opened by the same key, and never looks the same twice", () => {
  const sealed = sealer.seal(bytes);
  expect(createSealer([secret], "test").open(sealed)).toEqual(bytes);
  expect(sealer.seal(bytes)).not.toBe(sealed);
  expect(sealed).toMatch(/^[\w-]+$/);
});

test("another key or purpose opens nothing", () => {
  const sealed = sealer.seal(bytes);
  expect(createSealer([`${secret}.`], "test").open(sealed)).toBeUndefined();
  expect(createSealer([secret], "other").open(sealed)).toBeUndefined();
});

test("no altered text is opened, at whatever place it was altered", () => {
  const sealed = sealer.seal(bytes);
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === "A" ? "B" : "A";
    expect(sealer.open(`${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`)).toBeUndefined();
  }
  for (const text of [
    "",
    "A",
    sealed.slice(0, -1),
    `${sealed}A`,
    `${sealed}=`,
    ` ${sealed}`,
    "A".repeat(4_000),
  ])
    expect(sealer.open(text)).toBeUndefined();
});

test("the first of several secrets seals, and what any of them sealed is opened", () => {
  const other = "j".repeat(32);
  const [old, both, swapped, renewed] = [[secret], [secret, other], [other, secret], [other]] as const;
  const bytes = Buffer.from("hello");
  const seal = (keys: SealingKeys) => createSealer(keys, "test").seal(bytes);
  const opens = (keys: SealingKeys, sealed: string) => createSealer(keys, "test").open(sealed) !== undefined;
  for (const keys of [old, both, swapped]) expect(opens(keys, seal(both))).toBe(true);
  for (const keys of [both, swapped, renewed]) expect(opens(keys, seal(swapped))).toBe(true);
  expect(opens(renewed, seal(both))).toBe(false);
});
