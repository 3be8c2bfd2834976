import type { Server } from "node:http";
import type { TLSSocket } from "node:tls";
import type { ClientCertificates } from "./client-certificate.ts";

/** The open connections whose clients showed a certificate that TLS accepted. */
export interface CertifiedConnections {
  /** Closes those whose certificate is trusted no more, whatever goes on there. Says how many. */
  cutFallen(): number;
}

/** Keeps account of them. An open stream asks nothing, so nothing else would end it. */
export function trackCertifiedConnections(
  server: Server,
  certificates: ClientCertificates,
): CertifiedConnections {
  const open = new Set<TLSSocket>();
  server.on("secureConnection", (socket: TLSSocket) => {
    if (!socket.authorized) return;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return {
    cutFallen() {
      const fallen = [...open].filter((socket) => certificates.hasFallen(socket));
      for (const socket of fallen) socket.destroy();
      return fallen.length;
    },
  };
}
