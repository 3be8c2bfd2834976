import { type DerElement, elementsOf, expectTag, readDer, readInteger, tags } from "./der.ts";
import { MalformedError } from "./malformed.ts";

/** By the DER of their object ids, in hexadecimal. Source: RFC 5280, sections 4.2.1 and 5.2. */
const ids = {
  keyUsage: "551d0f",
  alternativeNames: "551d11",
  basicConstraints: "551d13",
  nameConstraints: "551d1e",
  policies: "551d20",
  policyMappings: "551d21",
  extendedKeyUsage: "551d25",
  inhibitAnyPolicy: "551d36",
} as const;

/** Those whose criticality nothing hangs on here: they are looked at, or bind only who asks for a policy. */
const understood: readonly string[] = Object.values(ids);

/** What a certificate may be used for. */
export interface Constraints {
  isAuthority: boolean;
  /** How many authorities may lie between this one and the end. */
  pathLength: number | undefined;
  /** First byte of the bits; undefined where all is allowed. */
  keyUsage: number | undefined;
  /** Object ids in hexadecimal; undefined where all is allowed. */
  extendedKeyUsage: readonly string[] | undefined;
  /** Whether something must be understood that is not. */
  hasUnknown: boolean;
}

/** Bits of `Constraints.keyUsage`. Source: RFC 5280, section 4.2.1.3. */
export const keyUsages = {
  digitalSignature: 0x80,
  keyAgreement: 0x08,
  certSign: 0x04,
  crlSign: 0x02,
} as const;

/** `id-kp-clientAuth`. */
export const clientAuthentication = "2b06010505070302";

interface Extension {
  isCritical: boolean;
  value: Buffer;
}

/** The extensions by their ids. Throws `MalformedError`, also for one that comes twice. */
export function readExtensions(list: DerElement | undefined): ReadonlyMap<string, Extension> {
  const [items] = list ? elementsOf(list) : [];
  const found = new Map<string, Extension>();
  for (const item of items ? elementsOf(expectTag(items, tags.sequence)) : []) {
    const [id, ...rest] = elementsOf(expectTag(item, tags.sequence));
    const isMarked = rest[0]?.tag === tags.boolean;
    const name = expectTag(id, tags.objectId).body.toString("hex");
    if (found.has(name)) throw new MalformedError("an extension comes twice");
    const value = expectTag(rest[isMarked ? 1 : 0], tags.octetString).body;
    found.set(name, { isCritical: isMarked && rest[0]?.body[0] !== 0, value });
  }
  return found;
}

/** What the extensions of a certificate say. Throws `MalformedError`. */
export function readConstraints(extensions: ReadonlyMap<string, Extension>): Constraints {
  const extensionOf = (id: string) => {
    const extension = extensions.get(id);
    return extension && readDer(extension.value);
  };
  const unknown = [...extensions].some(([id, { isCritical }]) => isCritical && !understood.includes(id));
  const usage = extensionOf(ids.keyUsage);
  const extended = extensionOf(ids.extendedKeyUsage);
  return {
    ...readBasicConstraints(extensionOf(ids.basicConstraints)),
    keyUsage: usage && (expectTag(usage, tags.bitString).body[1] ?? 0),
    extendedKeyUsage: extended && elementsOf(extended).map(({ body }) => body.toString("hex")),
    // They would have to be applied to every certificate below, critical or not.
    hasUnknown: unknown || extensions.has(ids.nameConstraints),
  };
}

function readBasicConstraints(
  value: DerElement | undefined,
): Pick<Constraints, "isAuthority" | "pathLength"> {
  const [first, second] = value ? elementsOf(expectTag(value, tags.sequence)) : [];
  const isAuthority = first?.tag === tags.boolean && first.body[0] !== 0;
  const pathLength = isAuthority && second ? Number.parseInt(readInteger(second) || "0", 16) : undefined;
  return { isAuthority, pathLength };
}
