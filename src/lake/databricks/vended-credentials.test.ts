import { expect, test } from "vitest";
import { createVendedCredentials } from "./vended-credentials.ts";

const { signal } = new AbortController();

function start(lifeMs: number) {
  let nowMs = 0;
  let vended = 0;
  const vend = async () => ({
    accessKeyId: `key-${++vended}`,
    secretAccessKey: "s",
    sessionToken: "t",
    expiration: new Date(nowMs + lifeMs),
  });
  const credentials = createVendedCredentials(vend, () => nowMs);
  const key = async () => (await credentials.provide()).accessKeyId;
  return { credentials, key, pass: (ms: number) => (nowMs += ms) };
}

test("credentials that hold a minute or more are given again, and asked for once by all", async () => {
  const { credentials, key, pass } = start(200_000);
  await credentials.ready(signal);
  expect(await Promise.all([key(), key(), key()])).toEqual(["key-1", "key-1", "key-1"]);
  pass(139_000);
  expect(await key()).toBe("key-1");
  pass(2_000);
  expect(await Promise.all([key(), key()])).toEqual(["key-2", "key-2"]);
});

test("those that hold for less are good for a request", async () => {
  const { credentials, key } = start(30_000);
  await credentials.ready(signal);
  expect([await key(), await key()]).toEqual(["key-1", "key-2"]);
});

test("those that S3 refuses are not given again", async () => {
  const { credentials, key } = start(3_600_000);
  expect(await key()).toBe("key-1");
  credentials.forget();
  expect(await key()).toBe("key-2");
});
