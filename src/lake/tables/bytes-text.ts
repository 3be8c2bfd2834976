/** Bytes as the engine casts them from text. */
export function bytesText(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0").toUpperCase()}`).join("");
}
