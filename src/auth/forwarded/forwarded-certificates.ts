import { MalformedError } from "../certificates/malformed.ts";
import type { CertificateChain, CertificateVerifier } from "../certificates/verifier.ts";
import type { ClientCertificate } from "../mode.ts";
import { type ForwardedHeader, forms } from "./forms.ts";

/** The certificates that proxies pass on in a header. */
export interface ForwardedCertificates {
  /** Whether the peer with that address of its connection is such a proxy. */
  isProxy(address: string | undefined): boolean;
  /** The certificate of the proxy's client; undefined where the header has none. Names and values as Node has them. */
  of(rawHeaders: readonly string[]): ClientCertificate | undefined;
}

interface ForwardedOptions {
  header: ForwardedHeader;
  isProxy: ForwardedCertificates["isProxy"];
  verify: CertificateVerifier;
}

/** Bytes of headers with certificates, and how many of these: more is nobody's chain. */
const maxBytes = 32_768;
const maxCertificates = 8;

/**
 * Reads one form of header and verifies what stands there as if nobody had: a proxy's word is taken for the client's
 * having the key, and for nothing else.
 */
export function createForwardedCertificates({
  header,
  isProxy,
  verify,
}: ForwardedOptions): ForwardedCertificates {
  const { fields, read } = forms[header];
  const readChain = (rawHeaders: readonly string[]): CertificateChain | undefined => {
    const values = fields.map(({ name, mayRepeat }) => fieldOf(rawHeaders, name, mayRepeat));
    if (values.every((value) => value === "")) return undefined;
    if (values.join("").length > maxBytes) throw new MalformedError(`is longer than ${maxBytes} bytes`);
    const chain = read(values);
    if (chain.others.length < maxCertificates) return chain;
    throw new MalformedError(`has more than ${maxCertificates} certificates`);
  };
  return {
    isProxy,
    of(rawHeaders) {
      try {
        const chain = readChain(rawHeaders);
        return chain && verify(chain);
      } catch (thrown) {
        if (!(thrown instanceof MalformedError)) throw thrown;
        return { isTrusted: false, distrust: `header ${header}: ${thrown.message}`, names: [] };
      }
    },
  };
}

/** Empty where there is none. Of two, one may be the client's own. */
function fieldOf(rawHeaders: readonly string[], name: string, mayRepeat: boolean): string {
  const values = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  );
  if (values.length > 1 && !mayRepeat) throw new MalformedError("comes more than once");
  return values.join(", ").trim();
}
