import { constants } from "node:crypto";
import type { TlsOptions } from "node:tls";
import { textsOfFile } from "../../auth/certificates/pem.ts";

/** What TLS is made of, as PEM. Clients that are asked for a certificate at start stay so. */
export interface TlsFiles {
  cert: string;
  key: string;
  /** Whose certificates of clients are trusted; set, clients are asked for one. */
  clientCa?: string | undefined;
  /** Certificates that are trusted no more. */
  clientCrl?: string | undefined;
}

/**
 * A client without a trusted certificate gets as far as everybody else, and is refused there: other modes may
 * know it, and /health is open. Sessions are not resumed, as a certificate may have been revoked since.
 */
export function tlsOptions({ cert, key, clientCa, clientCrl }: TlsFiles): TlsOptions {
  return {
    cert,
    key,
    minVersion: "TLSv1.2",
    handshakeTimeout: 10_000,
    ...(clientCa !== undefined && {
      ca: clientCa,
      ...(clientCrl !== undefined && { crl: listsOf(clientCrl) }),
      requestCert: true,
      rejectUnauthorized: false,
      secureOptions: constants.SSL_OP_NO_TICKET,
    }),
  };
}

/** Each by itself: of several in one text Node reads the first. A text without any is left for Node to refuse. */
function listsOf(pem: string): string[] {
  const lists = textsOfFile(pem, "X509 CRL");
  return lists.length > 0 ? lists : [pem];
}
