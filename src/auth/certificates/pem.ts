import { MalformedError } from "./malformed.ts";

type Label = "CERTIFICATE" | "X509 CRL";

/** The blocks of that label in a file of an administrator's, as DER; text around them is left out. */
export function blocksOfFile(text: string, label: Label): Buffer[] {
  return [...blocksIn(text, label)].map(([, body = ""]) => decodeBase64(body.replaceAll(/\s/g, "")));
}

/** The same, as they stand there. */
export function textsOfFile(text: string, label: Label): string[] {
  return [...blocksIn(text, label)].map(([block]) => block);
}

function blocksIn(text: string, label: Label) {
  return text.matchAll(new RegExp(`-----BEGIN ${label}-----([^-]*)-----END ${label}-----`, "g"));
}

const end = "-----END CERTIFICATE-----";

/** A text that is nothing but certificates, as DER. Throws `MalformedError`. */
export function readCertificates(text: string): Buffer[] {
  const blocks = text.split(end);
  if (blocks.pop()?.trim() !== "") throw new MalformedError("text follows the PEM");
  return blocks.map((block) => {
    const [, body] = /^[\r\n]*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\r\n]+)$/.exec(block) ?? [];
    if (body === undefined) throw new MalformedError("the PEM is malformed");
    return decodeBase64(body.replaceAll(/[\r\n]/g, ""));
  });
}

/** Throws `MalformedError` for what Node would skip. */
export function decodeBase64(text: string): Buffer {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new MalformedError("the base64 is malformed");
  }
  return Buffer.from(text, "base64");
}
