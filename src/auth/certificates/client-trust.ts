import type { Authorities } from "./authorities.ts";
import { createRevocation, type Revocation } from "./revocation.ts";
import { isInForce, type RevocationList } from "./revocation-list.ts";

/** By what certificates of clients are trusted. */
export interface ClientTrust {
  authorities: Authorities;
  revocation: Revocation;
  /** Undefined where nothing is ever revoked. */
  lists: readonly RevocationList[] | undefined;
}

/** The trust in force; undefined while it cannot be known: nobody's certificate is trusted then. */
export type TrustInForce = () => ClientTrust | undefined;

/** Why a certificate is not trusted while that is so. */
export const trustUnknown = "auth.mtls.caFile or auth.mtls.crlFile cannot be used";

/** Of authorities and their lists. */
export function trustOf(authorities: Authorities, lists: readonly RevocationList[] | undefined): ClientTrust {
  return { authorities, lists, revocation: createRevocation(lists) };
}

/** An authority without a list in force, by whose list nobody is trusted. */
interface Outdated {
  /** Its name, where it is one of those the settings trust. */
  authority: string | undefined;
  /** What becomes of its list, and when. */
  state: "ended" | "begins";
  atMs: number;
}

/** The authorities whose lists have all ended, or not begun. */
export function outdatedLists({ lists = [], authorities }: ClientTrust, nowMs: number): Outdated[] {
  const known = [...authorities.roots, ...authorities.intermediates];
  return lists
    .filter(({ issuer }) => !lists.some((list) => list.issuer.equals(issuer) && isInForce(list, nowMs)))
    .map(
      ({ issuer, thisUpdateMs, nextUpdateMs = thisUpdateMs }): Outdated => ({
        authority: known.find(({ subject }) => subject.equals(issuer))?.x509.subject.replaceAll("\n", "/"),
        ...(thisUpdateMs > nowMs
          ? { state: "begins", atMs: thisUpdateMs }
          : { state: "ended", atMs: nextUpdateMs }),
      }),
    );
}
