import { MalformedError } from "../certificates/malformed.ts";
import { decodeBase64, readCertificates } from "../certificates/pem.ts";
import type { CertificateChain } from "../certificates/verifier.ts";
import { lastElement } from "./xfcc.ts";

/** One way to write a certificate into headers. */
interface Form {
  fields: readonly { name: string; mayRepeat: boolean }[];
  /** Takes the values of the fields, empty where there is none. Throws `MalformedError`. */
  read(values: readonly string[]): CertificateChain;
}

/** The headers that proxies write certificates into. */
export const forms = {
  /** Application Load Balancer, mutual TLS passthrough. Source: Elastic Load Balancing, "HTTP headers and mutual TLS". */
  "x-amzn-mtls-clientcert": {
    fields: [{ name: "x-amzn-mtls-clientcert", mayRepeat: false }],
    read: ([value = ""]) => chainOf(decodePem(value)),
  },
  /** Application Load Balancer, mutual TLS verify. Source: as above. */
  "x-amzn-mtls-clientcert-leaf": {
    fields: [{ name: "x-amzn-mtls-clientcert-leaf", mayRepeat: false }],
    read: ([value = ""]) => ({ client: single(decodePem(value)), others: [] }),
  },
  /** Source: RFC 9440, section 2. The chain may be split over several fields; who is named stands in none of it. */
  "client-cert": {
    fields: [
      { name: "client-cert", mayRepeat: false },
      { name: "client-cert-chain", mayRepeat: true },
    ],
    read: ([client = "", chain = ""]) => ({
      client: decodeBytes(client),
      others: chain === "" ? [] : chain.split(",").map((item) => decodeBytes(item.trim())),
    }),
  },
  /** Envoy, HTTP connection manager. Source: Envoy, "HTTP header manipulation", x-forwarded-client-cert. */
  "x-forwarded-client-cert": {
    fields: [{ name: "x-forwarded-client-cert", mayRepeat: false }],
    read([value = ""]) {
      const { cert, chain } = lastElement(value);
      const all = chain === undefined ? [] : decodePem(chain);
      return cert === undefined ? chainOf(all) : { client: single(decodePem(cert)), others: all };
    },
  },
} as const satisfies Record<string, Form>;

export type ForwardedHeader = keyof typeof forms;

/** The client's own comes first. */
function chainOf([client, ...others]: readonly Buffer[]): CertificateChain {
  if (!client) throw new MalformedError("has no certificate");
  return { client, others };
}

function single([client, ...others]: readonly Buffer[]): Buffer {
  if (!client || others.length > 0) throw new MalformedError("has not one certificate");
  return client;
}

/** URL-encoded PEM. A plus is a plus: it is one of the characters that are left as they are. */
function decodePem(text: string): Buffer[] {
  if (!/^[A-Za-z0-9%+/=._~-]*$/.test(text)) throw new MalformedError("is not URL-encoded");
  try {
    return readCertificates(decodeURIComponent(text));
  } catch (thrown) {
    if (thrown instanceof URIError) throw new MalformedError("is not URL-encoded");
    throw thrown;
  }
}

/** A byte sequence of structured fields. Source: RFC 9651, section 3.3.5. */
function decodeBytes(text: string): Buffer {
  const [, base64] = /^:([^:]+):$/.exec(text) ?? [];
  if (base64 === undefined) throw new MalformedError("is no byte sequence of structured fields");
  return decodeBase64(base64);
}
