import { type Certificate, isIssuedBy } from "./certificate.ts";
import { type ClientTrust, type TrustInForce, trustUnknown } from "./client-trust.ts";

/** A client's certificate, and those it brought beside it, in no order. The same object for the same connection. */
export interface Presented {
  client: Certificate;
  others: readonly Certificate[];
}

/** Says why a certificate that TLS has accepted is trusted no more, as OpenSSL calls it; undefined where it still is. */
export type Standing = (presented: Presented) => string | undefined;

type Path = readonly Certificate[];

/**
 * A connection may be kept for days, and its certificate is verified when it opens: what may have changed since is looked at
 * with each request. Purposes and constraints cannot have, so those are left to TLS.
 */
export function createStanding({ trust, now }: { trust: TrustInForce; now(): number }): Standing {
  const known = new WeakMap<Presented, { trust: ClientTrust; paths: readonly Path[] }>();
  const pathsOf = (presented: Presented, inForce: ClientTrust): readonly Path[] => {
    const found = known.get(presented);
    if (found?.trust === inForce) return found.paths;
    const paths = pathsToRoots(presented, inForce);
    known.set(presented, { trust: inForce, paths });
    return paths;
  };
  return (presented) => {
    const inForce = trust();
    if (!inForce) return trustUnknown;
    let why: string | undefined = "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
    for (const path of pathsOf(presented, inForce)) {
      why = whyFallen(path, inForce, now());
      if (why === undefined) return undefined;
    }
    return why;
  };
}

function whyFallen(path: Path, { revocation }: ClientTrust, nowMs: number): string | undefined {
  for (const [index, certificate] of path.entries()) {
    // Written so that a time that is none is past.
    if (!(nowMs <= certificate.notAfterMs)) return "CERT_HAS_EXPIRED";
    const wrong = revocation(certificate, path[index + 1] ?? certificate, nowMs);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** What a client brings beside its certificate is its own choice: nobody needs more, nor so many tries. */
const maxOthers = 8;
const maxTries = 100;

/** From the client's certificate up, as signatures go. One that is a root itself is a path. */
function pathsToRoots({ client, others }: Presented, { authorities }: ClientTrust): Path[] {
  const { roots, intermediates } = authorities;
  const candidates = [...roots, ...intermediates, ...others.slice(0, maxOthers)];
  const isRoot = (certificate: Certificate) =>
    roots.some(({ x509 }) => x509.raw.equals(certificate.x509.raw));
  const paths: Path[] = [];
  const open: Path[] = [[client]];
  let tries = 0;
  for (let path = open.shift(); path; path = open.shift()) {
    const last = path.at(-1) ?? client;
    if (isRoot(last)) {
      paths.push(path);
      continue;
    }
    for (const candidate of candidates) {
      const mayBeNext = candidate.subject.equals(last.issuer) && !path.includes(candidate);
      if (mayBeNext && tries++ < maxTries && isIssuedBy(last, candidate)) open.push([...path, candidate]);
    }
  }
  return paths;
}
