import type { X509Certificate } from "node:crypto";

/** `URI:…`, `DNS:…` and `email:…` of its alternative names, and `subject:O=…/CN=…`. */
export function namesOf({ subject, subjectAltName }: X509Certificate): string[] {
  // A subject with a slash in a value could be read as another one.
  const own = subject && !subject.includes("/") ? [`subject:${subject.trim().split("\n").join("/")}`] : [];
  return [...alternativeNames(subjectAltName ?? ""), ...own];
}

/** SHA-256 of its DER in base64url, as tokens have it. Source: RFC 8705, section 3.1. */
export function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return Buffer.from(fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
}

/** Items are apart by commas; Node writes one that could be misread in quotes, and such a name is nobody's. */
function alternativeNames(text: string): string[] {
  if (text.includes('"')) return [];
  return text.split(", ").filter((name) => /^(URI|DNS|email):/.test(name));
}
