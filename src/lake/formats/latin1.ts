/**
 * What Windows-1252 has at 0x80–0x9F, where ISO 8859-1 has control characters nobody writes. The five bytes it
 * leaves free stay as they are. Source: WHATWG Encoding Standard, which reads "latin1" as Windows-1252 too.
 */
const windows1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** Decodes bytes that are read as latin-1; every byte has a meaning, so this never fails. */
export function decodeLatin1(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return text.replace(/[\x80-\x9f]/g, (control) => windows1252.charAt(control.charCodeAt(0) - 0x80));
}
