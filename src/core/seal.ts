import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Hides bytes in texts that nobody else can read or make, and reads its own. */
export interface Sealer {
  /** Letters, digits, `-` and `_`. Never the same twice. */
  seal(bytes: Uint8Array): string;
  /** Undefined for what was not sealed with this key and for this purpose, or was altered. */
  open(sealed: string): Buffer | undefined;
}

const nonceBytes = 12;
const tagBytes = 16;

/** Secrets: the first seals, all open, so that one can take another's place while servers run. */
export type SealingKeys = readonly [string, ...string[]];

/** AES-256-GCM under keys that are made of secrets and a purpose. Source: NIST SP 800-38D; RFC 5869. */
export function createSealer([first, ...others]: SealingKeys, purpose: string): Sealer {
  const own = sealerOf(first, purpose);
  const all = [own, ...others.map((secret) => sealerOf(secret, purpose))];
  return {
    seal: own.seal,
    open(sealed) {
      for (const { open } of all) {
        const bytes = open(sealed);
        if (bytes) return bytes;
      }
      return undefined;
    },
  };
}

function sealerOf(secret: string, purpose: string): Sealer {
  const key = Buffer.from(hkdfSync("sha256", secret, "", purpose, 32));
  return {
    seal(bytes) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64url");
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, "base64url");
      // One spelling only: base64 has bits to spare at its end.
      if (bytes.length < nonceBytes + tagBytes || bytes.toString("base64url") !== sealed) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        const body = bytes.subarray(nonceBytes, -tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
