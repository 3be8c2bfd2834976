import { hash } from "node:crypto";
import { isRecord } from "./record.ts";

/** How a digest is written and how long: 16 characters of base64url are 96 bits, 24 of hex too. */
export interface DigestForm {
  encoding: "hex" | "base64url";
  length: number;
}

/** 128 bits of the SHA-256 of a JSON value, whatever the order of its members. */
export function canonicalDigest(value: unknown): string {
  return jsonDigest(inOrder(value), { encoding: "base64url", length: 22 });
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  const names = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort();
  // In an object of their own, as a list of such pairs is another value.
  return { members: names.map((name) => [name, inOrder(value[name])]) };
}

/**
 * The first characters of the SHA-256 of `value` as JSON. Members count in their order; what JSON has no word for
 * (`undefined` members, functions) does not count.
 */
export function jsonDigest(value: unknown, { encoding, length }: DigestForm): string {
  return hash("sha256", JSON.stringify(value), encoding).slice(0, length);
}
