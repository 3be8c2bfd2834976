import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate with its private key, as PEM. */
export interface Certified {
  cert: string;
  key: string;
  serial: Buffer;
}

/** An authority of the tests' own. Its keys live as long as the test. */
export interface Authority {
  cert: string;
  issue(given: Certificate): Certified;
  /** A list of revoked certificates, as PEM. */
  revoke(revoked: readonly Certified[]): string;
}

export interface Certificate {
  /** Attributes such as `{ O: "Acme", CN: "agent" }`, in order. */
  subject: Record<string, string>;
  /** Such as `URI:spiffe://acme/agent`. */
  names?: readonly string[];
  /** Default: an hour ago to an hour from now. */
  notAfter?: Date;
}

const hourMs = 3_600_000;

const der = (tag: number, ...parts: Buffer[]): Buffer => {
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

const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));
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

const isAuthority = sequence(objectId("551d13"), yes, octets(sequence(yes)));

function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ecdsaWithSha256, bits(sign("sha256", body, key)));
}

function pem(label: string, body: Buffer): string {
  const lines = body.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Makes an authority. Source of the forms: RFC 5280, sections 4.1 and 5.1. */
export function createAuthority(commonName: string): Authority {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = distinguishedName({ CN: commonName });
  const certify = (given: Certificate, publicKey: KeyObject, extension: Buffer[]) => {
    const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
    const { notAfter = new Date(Date.now() + hourMs) } = given;
    const body = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, serial),
      ecdsaWithSha256,
      issuer,
      sequence(time(new Date(Date.now() - 24 * hourMs)), time(notAfter)),
      distinguishedName(given.subject),
      publicKey.export({ type: "spki", format: "der" }),
      ...(extension.length > 0 ? [der(0xa3, sequence(...extension))] : []),
    );
    return { serial, cert: pem("CERTIFICATE", signed(body, own.privateKey)) };
  };
  return {
    cert: certify({ subject: { CN: commonName } }, own.publicKey, [isAuthority]).cert,
    issue(given) {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { names = [] } = given;
      const made = certify(given, publicKey, names.length > 0 ? [alternativeNames(names)] : []);
      return { ...made, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
    },
    revoke(revoked) {
      const now = new Date(Date.now() - hourMs);
      const items = revoked.map(({ serial }) => sequence(der(0x02, serial), time(now)));
      const next = time(new Date(Date.now() + hourMs));
      const list = items.length > 0 ? [sequence(...items)] : [];
      const version = der(0x02, Buffer.from([1]));
      const body = sequence(version, ecdsaWithSha256, issuer, time(now), next, ...list);
      return pem("X509 CRL", signed(body, own.privateKey));
    },
  };
}
