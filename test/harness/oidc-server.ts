import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import Provider from "oidc-provider";

/** What a hostile or a plain token says, beside what a good one says. Undefined takes a claim away. */
export interface Token {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  key?: CryptoKey | Uint8Array;
}

/** A real OpenID provider on loopback, whose keys the tests hold too. */
export interface OidcServer {
  issuer: string;
  /** The public half of its signing key. */
  publicJwk: JWK;
  /** An access token by the client_credentials grant. */
  grant(given: { scope: string; resource: string; client?: string }): Promise<string>;
  /** A token of its own key, good unless told otherwise. */
  sign(token?: Token): Promise<string>;
  /** Paths asked of it, in order. */
  asked: string[];
  /** While set, it answers with 503 to everything. */
  isDown: boolean;
  close(): Promise<void>;
}

/** What tokens of the tests are for. */
export const audience = "https://sluice.example.org/mcp";

const clients = ["agent", "other-agent"].map((client_id) => ({
  client_id,
  client_secret: `secret-of-${client_id}`,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
}));

/** Starts one. */
export async function startOidcServer(): Promise<OidcServer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: "first", use: "sig", alg: "RS256" };
  const publicJwk = { ...(await exportJWK(publicKey)), kid: "first", use: "sig", alg: "RS256" };
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => {
    oidc.asked.push(request.url ?? "");
    if (oidc.isDown) response.writeHead(503).end();
    else answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answer = createProvider(issuer, jwk).callback();
  const oidc: OidcServer = {
    issuer,
    publicJwk,
    asked: [],
    isDown: false,
    grant: ({ scope, resource, client = "agent" }) => grant(issuer, scope, resource, client),
    sign: ({ header = {}, claims = {}, key = privateKey } = {}) => {
      const nowS = Math.floor(Date.now() / 1000);
      const good = { iss: issuer, aud: audience, sub: "ada", client_id: "agent", scope: "mcp/invoke" };
      const payload = { ...good, iat: nowS, exp: nowS + 300, ...claims };
      return new SignJWT(JSON.parse(JSON.stringify(payload)))
        .setProtectedHeader({ alg: "RS256", kid: "first", typ: "at+jwt", ...header })
        .sign(key, { crit: { "x-own": true } });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return oidc;
}

function createProvider(issuer: string, jwk: JWK): Provider {
  return new Provider(issuer, {
    clients,
    jwks: { keys: [jwk as never] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: "mcp/invoke reports",
          audience: resource,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
}

async function grant(issuer: string, scope: string, resource: string, client: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client}:secret-of-${client}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope, resource }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`The provider gave no token (${response.status}).`);
  return token;
}
