import { createHash } from "node:crypto";

/** How a digest is written and how long: 16 characters of base64url are 96 bits, 24 of hex too. */
export interface DigestForm {
  encoding: "hex" | "base64url";
  length: number;
}

/**
 * The first characters of the SHA-256 of `value` as JSON. Members count in their order; what JSON has no word for
 * (`undefined` members, functions) does not count.
 */
export function jsonDigest(value: unknown, { encoding, length }: DigestForm): string {
  return createHash("sha256").update(JSON.stringify(value)).digest(encoding).slice(0, length);
}
