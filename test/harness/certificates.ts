import { constants, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate with its private key, as PEM. */
export interface Certified {
  cert: string;
  key: string;
  serial: Buffer;
}

/** An authority of the tests' own. Its keys live as long as the test. */
export interface Authority extends Certified {
  issue(given: Certificate): Certified;
  /** An authority that this one vouches for. */
  authorize(given: Certificate): Authority;
  /** A list of revoked certificates, as PEM. */
  revoke(revoked: readonly Certified[], given?: RevocationTimes): string;
}

/** Default: an hour ago to an hour from now. */
export interface RevocationTimes {
  nextUpdate?: Date;
  /** Of the whole list, each as `extension` makes it. */
  extensions?: readonly Buffer[];
}

export interface Certificate {
  /** Attributes such as `{ O: "Acme", CN: "agent" }`, in order. */
  subject: Record<string, string>;
  /** Such as `URI:spiffe://acme/agent`. */
  names?: readonly string[];
  /** Default: a day ago to an hour from now. */
  notBefore?: Date;
  notAfter?: Date;
  /** Beside alternative names and, of authorities, basic constraints; each as `extension` makes it. */
  extensions?: readonly Buffer[];
  /** Of an authority. Default: none. */
  pathLength?: number;
  /** Signed with SHA-1, by a key of P-256. Default: with SHA-256. */
  isWeak?: boolean;
  /** Default: a new pair of P-256. */
  keys?: { publicKey: KeyObject; privateKey: KeyObject };
}

const hourMs = 3_600_000;

/** One element of DER. */
export const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const octets = (...parts: Buffer[]) => der(0x04, ...parts);
const bits = (body: Buffer) => der(0x03, Buffer.from([0]), body);
const time = (date: Date) =>
  der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
const objectId = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const yes = der(0x01, Buffer.from([0xff]));

const sha256 = sequence(objectId("608648016503040201"), der(0x05));
const maskWithSha256 = sequence(objectId("2a864886f70d010108"), sha256);
/** Names of signature algorithms, by the type of the key that signs. Sources: RFC 5758, RFC 4055, RFC 8410. */
const algorithms: Readonly<Record<string, Buffer>> = {
  ec: sequence(objectId("2a8648ce3d040302")),
  rsa: sequence(objectId("2a864886f70d01010b"), der(0x05)),
  "rsa-pss": sequence(
    objectId("2a864886f70d01010a"),
    sequence(der(0xa0, sha256), der(0xa1, maskWithSha256), der(0xa2, der(0x02, Buffer.from([32])))),
  ),
  ed25519: sequence(objectId("2b6570")),
};

function algorithmOf({ asymmetricKeyType = "ec" }: KeyObject): Buffer {
  return algorithms[asymmetricKeyType] ?? sequence();
}
const attributeIds: Record<string, string> = { CN: "550403", C: "550406", O: "55040a", OU: "55040b" };
const nameTags: Record<string, number> = { email: 0x81, DNS: 0x82, URI: 0x86, IP: 0x87 };

function distinguishedName(subject: Record<string, string>): Buffer {
  return sequence(
    ...Object.entries(subject).map(([name, value]) =>
      der(0x31, sequence(objectId(attributeIds[name] ?? ""), der(0x0c, Buffer.from(value)))),
    ),
  );
}

function alternativeNames(names: readonly string[]): Buffer {
  const items = names.map((name) => {
    const kind = name.slice(0, name.indexOf(":"));
    const value = name.slice(kind.length + 1);
    const bytes = kind === "IP" ? Buffer.from(value.split(".").map(Number)) : Buffer.from(value);
    return der(nameTags[kind] ?? 0x82, bytes);
  });
  return sequence(objectId("551d11"), octets(sequence(...items)));
}

/** Any extension, by its object id in hexadecimal, as DER. */
export function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [yes] : []), octets(value));
}

/** What the key may be used for: bits as in RFC 5280, section 4.2.1.3. */
export function keyUsage(bits: number): Buffer {
  return extension("551d0f", der(0x03, Buffer.from([0, bits])), true);
}

/** Object ids in hexadecimal. */
export function extendedKeyUsage(...ids: string[]): Buffer {
  return extension("551d25", sequence(...ids.map(objectId)));
}

function basicConstraints(pathLength: number | undefined): Buffer {
  const length = pathLength === undefined ? [] : [der(0x02, Buffer.from([pathLength]))];
  return extension("551d13", sequence(yes, ...length), true);
}

function newKeys() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

const ecdsaWithSha1 = sequence(objectId("2a8648ce3d0401"));

function weaklySigned(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ecdsaWithSha1, bits(sign("sha1", body, key)));
}

function signed(body: Buffer, key: KeyObject): Buffer {
  const { asymmetricKeyType } = key;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const hash = asymmetricKeyType === "ed25519" ? undefined : "sha256";
  const signature = sign(hash, body, { key, ...(asymmetricKeyType === "rsa-pss" && pss) });
  return sequence(body, algorithmOf(key), bits(signature));
}

function pem(label: string, body: Buffer): string {
  const lines = body.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Certificates of one key and name. Source of the forms: RFC 5280, sections 4.1 and 5.1. */
function certifier(issuer: Buffer, signingKey: KeyObject) {
  return (given: Certificate, extensions: readonly Buffer[]): Certified => {
    const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
    const { publicKey, privateKey } = given.keys ?? newKeys();
    const { notBefore = new Date(Date.now() - 24 * hourMs), notAfter = new Date(Date.now() + hourMs) } =
      given;
    const all = [...extensions, ...(given.extensions ?? [])];
    const body = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, serial),
      given.isWeak ? ecdsaWithSha1 : algorithmOf(signingKey),
      issuer,
      sequence(time(notBefore), time(notAfter)),
      distinguishedName(given.subject),
      publicKey.export({ type: "spki", format: "der" }),
      ...(all.length > 0 ? [der(0xa3, sequence(...all))] : []),
    );
    const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    return {
      serial,
      key,
      cert: pem("CERTIFICATE", (given.isWeak ? weaklySigned : signed)(body, signingKey)),
    };
  };
}

function authorityOf(
  own: Certified,
  subject: Record<string, string>,
  keys: NonNullable<Certificate["keys"]>,
) {
  const name = distinguishedName(subject);
  const certify = certifier(name, keys.privateKey);
  const authority: Authority = {
    ...own,
    issue(given) {
      const { names = [] } = given;
      return certify(given, names.length > 0 ? [alternativeNames(names)] : []);
    },
    authorize(given) {
      const below = given.keys ?? newKeys();
      const made = certify({ ...given, keys: below }, [basicConstraints(given.pathLength)]);
      return authorityOf(made, given.subject, below);
    },
    revoke(revoked, { nextUpdate = new Date(Date.now() + hourMs), extensions = [] } = {}) {
      const now = time(new Date(Date.now() - hourMs));
      const items = revoked.map(({ serial }) => sequence(der(0x02, serial), now));
      const list = items.length > 0 ? [sequence(...items)] : [];
      const more = extensions.length > 0 ? [der(0xa0, sequence(...extensions))] : [];
      const version = der(0x02, Buffer.from([1]));
      const body = sequence(
        version,
        algorithmOf(keys.privateKey),
        name,
        now,
        time(nextUpdate),
        ...list,
        ...more,
      );
      return pem("X509 CRL", signed(body, keys.privateKey));
    },
  };
  return authority;
}

/** Makes a root: an authority that vouches for itself. */
export function createAuthority(commonName: string, given: Partial<Certificate> = {}): Authority {
  const keys = given.keys ?? newKeys();
  const subject = { CN: commonName };
  const certify = certifier(distinguishedName(subject), keys.privateKey);
  const own = certify({ ...given, subject, keys }, [basicConstraints(given.pathLength)]);
  return authorityOf(own, subject, keys);
}
