import type { JSONWebKeySet } from "jose";
import { z } from "zod";

/** Fetches a JSON document. Throws. */
export type FetchJson = (url: string) => Promise<unknown>;

const discoveryShape = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const keySetShape = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(200) });

/**
 * The signing keys of an issuer, by its discovery document, which must be of that very issuer. Throws.
 * Source: OpenID Connect Discovery 1.0, sections 4.1 and 4.3.
 */
export async function discoverKeys(issuer: string, fetchJson: FetchJson): Promise<JSONWebKeySet> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { data: document } = discoveryShape.safeParse(await fetchJson(url));
  if (!document) throw new Error(`${url} is no discovery document`);
  if (document.issuer !== issuer) throw new Error(`${url} is of another issuer: ${document.issuer}`);
  checkPlace(document.jwks_uri, issuer);
  const { data: keySet } = keySetShape.safeParse(await fetchJson(document.jwks_uri));
  if (!keySet) throw new Error(`${document.jwks_uri} is no set of keys`);
  return keySet;
}

/** `https`; `http` only where the issuer itself is on it, which settings allow on loopback alone. */
function checkPlace(jwksUri: string, issuer: string): void {
  const { protocol, hostname } = new URL(jwksUri);
  const own = new URL(issuer);
  if (
    protocol === "https:" ||
    (own.protocol === "http:" && protocol === "http:" && hostname === own.hostname)
  )
    return;
  throw new Error(`the issuer's keys are not on https: ${jwksUri}`);
}
