import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An issuer of tokens that has nothing but keys: tests sign by these what no honest issuer would. */
export interface KeyIssuer {
  /** Its URL. */
  issuer: string;
  /** Paths that were asked for. */
  asked: string[];
  close(): void;
}

/** On loopback. `keys` are what it has to show as a JWKS. */
export async function startKeyIssuer(keys: readonly object[]): Promise<KeyIssuer> {
  const asked: string[] = [];
  let issuer = "";
  const provider = createServer((request, response) => {
    asked.push(request.url ?? "");
    const isKeys = request.url === "/keys";
    response.end(JSON.stringify(isKeys ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  return {
    issuer,
    asked,
    close() {
      provider.closeAllConnections();
      provider.close();
    },
  };
}

/** A part of a token: a text as it is, all else as JSON. */
export function encodedPart(part: unknown): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
