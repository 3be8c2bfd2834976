import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../../auth/mode.ts";

/** The certificates of the connections that requests came on. Nothing of them travels in a header. */
export class ClientCertificates {
  readonly #sockets = new WeakMap<Request, Socket>();

  /** Remembers on which connection a request came. */
  cameOn(request: Request, socket: Socket): void {
    if (socket instanceof TLSSocket) this.#sockets.set(request, socket);
  }

  /** The certificate the other end has proved to be its own, trusted or not. */
  of(request: Request): ClientCertificate | undefined {
    const socket = this.#sockets.get(request);
    if (!(socket instanceof TLSSocket)) return undefined;
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) return undefined;
    const distrust = socket.authorized ? undefined : String(socket.authorizationError);
    return { isTrusted: socket.authorized, distrust, names: namesOf(certificate) };
  }
}

function namesOf({ subject, subjectAltName }: X509Certificate): string[] {
  // A subject with a slash in a value could be read as another one.
  const own = subject && !subject.includes("/") ? [`subject:${subject.trim().split("\n").join("/")}`] : [];
  return [...alternativeNames(subjectAltName ?? ""), ...own];
}

/** Items are apart by commas; Node writes one that could be misread in quotes, and such a name is nobody's. */
function alternativeNames(text: string): string[] {
  if (text.includes('"')) return [];
  return text.split(", ").filter((name) => /^(URI|DNS|email):/.test(name));
}
