import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Certificate, readCertificate } from "../../auth/certificates/certificate.ts";
import { MalformedError } from "../../auth/certificates/malformed.ts";
import { fingerprintOf, namesOf } from "../../auth/certificates/names.ts";
import type { Presented, Standing } from "../../auth/certificates/standing.ts";
import type { ForwardedCertificates } from "../../auth/forwarded/forwarded-certificates.ts";
import type { ClientCertificate } from "../../auth/mode.ts";

type Incoming = Pick<IncomingMessage, "socket" | "rawHeaders">;

/** How certificates are judged that TLS did not verify, or not lately. */
interface Judges {
  /** Those in a header of a configured proxy. Default: there is none. */
  forwarded?: ForwardedCertificates | undefined;
  /** Those that TLS accepted when their connection opened. Default: they stay accepted. */
  standing?: Standing | undefined;
  /** Whether a certificate is asked for beside what says who calls. Default: it says so itself. */
  isFactor?: boolean;
}

/** Room for the longest headers with certificates beside all others. An Application Load Balancer sends no more. */
const maxHeaderBytes = 65_536;

/** The certificates of clients: of the connections that requests came on, or in a header of a configured proxy. */
export class ClientCertificates {
  readonly #incoming = new WeakMap<Request, Incoming>();
  readonly #shown = new WeakMap<TLSSocket, Shown>();
  readonly #judges: Judges;

  constructor(judges: Judges = {}) {
    this.#judges = judges;
  }

  /** Bytes that the headers of a request may have; undefined where Node's own limit does. */
  get maxHeaderBytes(): number | undefined {
    return this.#judges.forwarded && maxHeaderBytes;
  }

  /** Whether a certificate alone says who calls. */
  get nameCallers(): boolean {
    return this.#judges.isFactor !== true;
  }

  /** Remembers as what a request came in. */
  cameOn(request: Request, incoming: Incoming): void {
    this.#incoming.set(request, incoming);
  }

  /**
   * The certificate the client has proved to be its own, to us or to a proxy, trusted or not. Of what a proxy brings
   * its own certificate says nothing.
   */
  of(request: Request): ClientCertificate | undefined {
    const incoming = this.#incoming.get(request);
    if (!incoming) return undefined;
    const { socket, rawHeaders } = incoming;
    const { forwarded } = this.#judges;
    return forwarded?.isProxy(socket.remoteAddress) ? forwarded.of(rawHeaders) : this.#ofConnection(socket);
  }

  /** Whether TLS accepted the certificate of a connection, and it is trusted no more. */
  hasFallen(socket: TLSSocket): boolean {
    return socket.authorized && this.#fallOf(socket) !== undefined;
  }

  #ofConnection(socket: Socket): ClientCertificate | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const shown = this.#shownOn(socket);
    if (!shown) return undefined;
    const distrust = socket.authorized ? this.#fallOf(socket) : String(socket.authorizationError);
    return {
      ...{ isTrusted: distrust === undefined, distrust },
      ...{ names: namesOf(shown.certificate), fingerprint: fingerprintOf(shown.certificate) },
    };
  }

  #fallOf(socket: TLSSocket): string | undefined {
    const { standing } = this.#judges;
    const shown = standing && this.#shownOn(socket);
    if (!shown) return undefined;
    try {
      shown.presented ??= presentedBy(shown.certificate);
      return standing(shown.presented);
    } catch (thrown) {
      if (thrown instanceof MalformedError) return thrown.message;
      throw thrown;
    }
  }

  #shownOn(socket: TLSSocket): Shown | undefined {
    const known = this.#shown.get(socket);
    if (known) return known;
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) return undefined;
    const shown = { certificate };
    this.#shown.set(socket, shown);
    return shown;
  }
}

/** What a client has shown when its connection opened. Node gives the others with the certificate, the first time it is asked. */
interface Shown {
  certificate: X509Certificate;
  presented?: Presented;
}

/** Throws `MalformedError`. */
function presentedBy(certificate: X509Certificate): Presented {
  const others: Certificate[] = [];
  // Node calls whatever came next the issuer.
  for (let next = certificate.issuerCertificate; next; next = next.issuerCertificate) {
    others.push(readCertificate(next.raw));
  }
  return { client: readCertificate(certificate.raw), others };
}
