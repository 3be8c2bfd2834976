import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { createJwtMode } from "./jwt-mode.ts";

const issuer = "https://issuer.example.org";
const startMs = Date.UTC(2026, 0, 1);

async function keyPair(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256" }, privateKey, kid };
}

async function openMode() {
  const [first, second] = [await keyPair("first"), await keyPair("second")];
  const issuerNow = { keys: [first.jwk], isDown: false };
  let nowMs = startMs;
  const mode = createJwtMode({
    issuer,
    audiences: ["here"],
    clientIds: [],
    scopes: [],
    algorithms: ["RS256"],
    clockToleranceMs: 30_000,
    claims: { subject: "sub" },
    now: () => nowMs,
    onFault: () => {},
    async fetchJson(url) {
      if (issuerNow.isDown) throw new Error("down");
      return url.endsWith("/keys") ? { keys: issuerNow.keys } : { issuer, jwks_uri: `${issuer}/keys` };
    },
  });
  const sign = (claims: Record<string, unknown>) =>
    new SignJWT({ iss: issuer, aud: "here", sub: "ada", exp: startMs / 1_000 + 3_600, ...claims })
      .setProtectedHeader({ alg: "RS256", kid: first.kid, typ: "at+jwt" })
      .sign(first.privateKey);
  return {
    sign,
    second,
    issuerNow,
    at: (ms: number) => {
      nowMs = startMs + ms;
    },
    ask: async (token: string) => {
      const headers = new Headers({ authorization: `Bearer ${token}` });
      const { principal, refusal } = await mode.authenticate({ method: "POST", url: "http://here", headers });
      return principal ?? refusal?.reason;
    },
  };
}

test("a token that was accepted is the same principal again, until it expires", async () => {
  const { sign, ask, at } = await openMode();
  const token = await sign({ exp: startMs / 1_000 + 60 });
  await ask(token);
  const known = await ask(token);
  expect(known).toMatchObject({ id: "jwt:ada" });
  expect(await ask(token)).toBe(known);
  at(89_999);
  expect(await ask(token)).toBe(known);
  at(90_000);
  expect(await ask(token)).toBe("ERR_JWT_EXPIRED (or this server's clock, or the issuer's, is off)");
});

test("the clock goes back before a token's nbf: it is not accepted", async () => {
  const { sign, ask, at } = await openMode();
  const token = await sign({ nbf: startMs / 1_000 });
  await ask(token);
  expect(await ask(token)).toMatchObject({ id: "jwt:ada" });
  at(-31_000);
  expect(await ask(token)).toBe(
    "ERR_JWT_CLAIM_VALIDATION_FAILED nbf (or this server's clock, or the issuer's, is off)",
  );
});

test("tokens of a key that the issuer withdrew are not accepted", async () => {
  const { sign, ask, at, issuerNow, second } = await openMode();
  const token = await sign({});
  await ask(token);
  expect(await ask(token)).toMatchObject({ id: "jwt:ada" });
  issuerNow.keys = [second.jwk];
  at(11 * 60_000);
  await ask(token);
  await expect.poll(() => ask(token)).toBe("ERR_JWKS_NO_MATCHING_KEY");
});

test("a token whose signature was changed is not taken for the one that was accepted", async () => {
  const { sign, ask } = await openMode();
  const token = await sign({});
  await ask(token);
  await ask(token);
  const [header, payload, signature = ""] = token.split(".");
  const changed = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
  expect(await ask(`${header}.${payload}.${changed}`)).toBe("ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
});
