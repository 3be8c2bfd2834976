import { constants, type KeyObject, verify } from "node:crypto";
import { type DerElement, elementsOf, expectTag, tags } from "./der.ts";

/** How an authority has signed. */
export interface SignatureAlgorithm {
  /** Undefined where the algorithm has its own. */
  hash: "sha256" | "sha384" | "sha512" | undefined;
  isPss: boolean;
}

type Hash = NonNullable<SignatureAlgorithm["hash"]>;

/** By the DER of their object ids, in hexadecimal. Sources: RFC 8017, RFC 5758, RFC 8410. */
const withHash: Readonly<Record<string, Hash>> = {
  "2a864886f70d01010b": "sha256",
  "2a864886f70d01010c": "sha384",
  "2a864886f70d01010d": "sha512",
  "2a8648ce3d040302": "sha256",
  "2a8648ce3d040303": "sha384",
  "2a8648ce3d040304": "sha512",
};
const hashes: Readonly<Record<string, Hash>> = {
  "608648016503040201": "sha256",
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
};
const edwards = ["2b6570", "2b6571"];
const rsaPss = "2a864886f70d01010a";

/** Undefined for one that is unknown or no longer safe, such as those with SHA-1 or MD5. */
export function readAlgorithm(identifier: DerElement): SignatureAlgorithm | undefined {
  const [id, parameters] = elementsOf(expectTag(identifier, tags.sequence));
  const name = nameOf(id);
  if (edwards.includes(name)) return { hash: undefined, isPss: false };
  const isPss = name === rsaPss;
  const hash = isPss ? hashOfPss(parameters) : withHash[name];
  return hash && { hash, isPss };
}

/** Whether the key has signed those bytes. Never throws for a key of another kind. */
export function isSignedBy(
  { hash, isPss }: SignatureAlgorithm,
  key: KeyObject,
  { bytes, signature }: { bytes: Buffer; signature: Buffer },
): boolean {
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  try {
    return verify(hash, bytes, { key, ...padding }, signature);
  } catch {
    return false;
  }
}

/** Left out, it is SHA-1. Source: RFC 4055, section 3.1. */
function hashOfPss(parameters: DerElement | undefined): Hash | undefined {
  const [first] = parameters ? elementsOf(expectTag(parameters, tags.sequence)) : [];
  if (first?.tag !== tags.context0) return undefined;
  const [identifier] = elementsOf(first);
  const [id] = elementsOf(expectTag(identifier, tags.sequence));
  return hashes[nameOf(id)];
}

function nameOf(id: DerElement | undefined): string {
  return expectTag(id, tags.objectId).body.toString("hex");
}
