import { MalformedError } from "./malformed.ts";

/** One element of DER. Its buffers are views of the bytes read. */
export interface DerElement {
  /** Class, form and number in one byte. */
  tag: number;
  body: Buffer;
  /** Tag, length and body. */
  whole: Buffer;
}

/** Tags that certificates and revocation lists are made of. Source: X.690, section 8. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  context0: 0xa0,
  context3: 0xa3,
} as const;

/** The one element that the bytes are. Throws `MalformedError`. */
export function readDer(bytes: Buffer): DerElement {
  const element = elementAt(bytes, 0);
  if (element.whole.length < bytes.length) throw new MalformedError("bytes follow the DER");
  return element;
}

/** The elements within one, in order. Throws `MalformedError`. */
export function elementsOf({ body }: DerElement): DerElement[] {
  const elements: DerElement[] = [];
  for (let offset = 0; offset < body.length; ) {
    const element = elementAt(body, offset);
    elements.push(element);
    offset += element.whole.length;
  }
  return elements;
}

/** The element, where it has that tag. Throws `MalformedError`. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new MalformedError("the DER has another structure");
  return element;
}

/** Time of UTCTime or GeneralizedTime, in milliseconds since 1970. Source: RFC 5280, section 4.1.2.5. */
export function readTimeMs({ tag, body }: DerElement): number {
  const text = body.toString("latin1");
  const digits = tag === tags.utcTime ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? [];
  const [year, month, day, hours, minutes, seconds] = parts;
  const timeMs = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  if (Number.isNaN(timeMs)) throw new MalformedError("a time in the DER is none");
  return timeMs;
}

/** Hexadecimal digits of an INTEGER, without leading zero bytes. */
export function readInteger(element: DerElement | undefined): string {
  return expectTag(element, tags.integer)
    .body.toString("hex")
    .replace(/^(00)+/, "");
}

/** Lengths are definite and as short as can be, tags of one byte: all that DER of certificates has. */
function elementAt(bytes: Buffer, offset: number): DerElement {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw cutOff();
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = offset + 2 + lengthBytes;
  if (first === 0x80 || lengthBytes > 4 || start > bytes.length) throw cutOff();
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(offset + 2, lengthBytes);
  const isTooLong = lengthBytes > 0 && (length < 0x80 || bytes[offset + 2] === 0);
  if (isTooLong || start + length > bytes.length) throw cutOff();
  return { tag, body: bytes.subarray(start, start + length), whole: bytes.subarray(offset, start + length) };
}

function cutOff(): MalformedError {
  return new MalformedError("the DER is cut off or malformed");
}
