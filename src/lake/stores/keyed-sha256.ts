import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";

type Bytes = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256, and with a secret its HMAC, as the AWS SDK's setting `sha256` wants them, with keys that are taken apart once:
 * for a key given as bytes Node takes longer to do that than to sign, and the SDK signs a day's requests with the same
 * one. Source: AWS SDK, "ChecksumConstructor".
 */
export function keyedSha256() {
  const keys = new WeakMap<object, KeyObject>();
  const keyOf = (secret: ArrayBuffer | ArrayBufferView) => {
    const key = keys.get(secret) ?? createSecretKey(viewOf(secret));
    keys.set(secret, key);
    return key;
  };
  const begin = (secret: Bytes | undefined) => {
    if (secret === undefined) return createHash("sha256");
    return createHmac("sha256", typeof secret === "string" ? secret : keyOf(secret));
  };
  return class Sha256 {
    private readonly secret: Bytes | undefined;
    private hash: ReturnType<typeof begin>;

    constructor(secret?: Bytes) {
      this.secret = secret;
      this.hash = begin(secret);
    }

    update(data: Bytes): void {
      this.hash.update(typeof data === "string" ? data : viewOf(data));
    }

    async digest(): Promise<Uint8Array> {
      return this.hash.digest();
    }

    reset(): void {
      this.hash = begin(this.secret);
    }
  };
}

function viewOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
