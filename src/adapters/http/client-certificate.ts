import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { namesOf } from "../../auth/certificates/names.ts";
import type { ForwardedCertificates } from "../../auth/forwarded/forwarded-certificates.ts";
import type { ClientCertificate } from "../../auth/mode.ts";

type Incoming = Pick<IncomingMessage, "socket" | "rawHeaders">;

/** Room for the longest headers with certificates beside all others. An Application Load Balancer sends no more. */
const maxHeaderBytes = 65_536;

/** The certificates of clients: of the connections that requests came on, or in a header of a configured proxy. */
export class ClientCertificates {
  readonly #incoming = new WeakMap<Request, Incoming>();
  readonly #forwarded: ForwardedCertificates | undefined;

  constructor(forwarded?: ForwardedCertificates) {
    this.#forwarded = forwarded;
  }

  /** Bytes that the headers of a request may have; undefined where Node's own limit does. */
  get maxHeaderBytes(): number | undefined {
    return this.#forwarded && maxHeaderBytes;
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
    return this.#forwarded?.isProxy(socket.remoteAddress)
      ? this.#forwarded.of(rawHeaders)
      : ofConnection(socket);
  }
}

function ofConnection(socket: Incoming["socket"]): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  const distrust = socket.authorized ? undefined : String(socket.authorizationError);
  return { isTrusted: socket.authorized, distrust, names: namesOf(certificate) };
}
