import { exportJWK, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";

const hourMs = 3_600_000;

async function openKeys() {
  const { publicKey } = await generateKeyPair("RS256");
  const known = { ...(await exportJWK(publicKey)), kid: "known", alg: "RS256" };
  const issuer = { asked: 0, isDown: false, keys: [known] };
  let nowMs = 10 * hourMs;
  const keys = new IssuerKeys({
    async fetchKeys() {
      issuer.asked++;
      if (issuer.isDown) throw new Error("down");
      return { keys: issuer.keys };
    },
    now: () => nowMs,
    onFault: () => {},
  });
  const find = (kid: string) => keys.find({ alg: "RS256", kid }, { payload: "", signature: "" });
  const setClock = (byMs: number) => {
    nowMs += byMs;
  };
  return { issuer, keys, known, find, setClock };
}

test("after the clock was set back an issuer that was down is asked again at once", async () => {
  const { issuer, find, setClock } = await openKeys();
  issuer.isDown = true;
  await expect(find("known")).rejects.toThrow(IssuerUnavailable);
  issuer.isDown = false;
  setClock(-hourMs);
  await expect(find("known")).resolves.toBeDefined();
});

test("after the clock was set back keys are fetched anew, and known ones hold until then", async () => {
  const { issuer, keys, known, find, setClock } = await openKeys();
  await find("known");
  expect(keys.fresh()).toBeDefined();
  issuer.isDown = true;
  setClock(-hourMs);
  expect(keys.fresh()).toBeUndefined();
  await expect(find("known")).resolves.toBeDefined();
  issuer.isDown = false;
  issuer.keys = [known, { ...known, kid: "new" }];
  setClock(30_000);
  await expect(find("new")).resolves.toBeDefined();
  expect(keys.fresh()).toBeDefined();
});

test("keys nobody has cost the issuer one question in half a minute", async () => {
  const { issuer, find, setClock } = await openKeys();
  await find("known");
  for (let second = 0; second < 60; second++) {
    setClock(1_000);
    await expect(find(`kid-${second}`)).rejects.toThrow();
  }
  expect(issuer.asked).toBe(3);
});
