import { afterEach, expect, test } from "vitest";
import { digestOfKey } from "../../src/auth/api-keys.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";

let server: GuardedServer;
afterEach(() => server.close());

const keyOf = (id: string) => `${id}-0123456789abcdef0123456789abcdef`;
const entry = (id: string, roles: string[]) => ({
  id,
  roles,
  keys: [`sha256:${digestOfKey(keyOf(id)).toString("hex")}`],
});
const auth = {
  modes: ["api_key"],
  apiKeys: [entry("ops", ["operator"]), entry("ada", ["Operator", "operator2"])],
};

async function ready(headers: Record<string, string> = {}) {
  return (await fetch(`${server.url}/health/ready`, { headers })).json();
}

test("only holders of the roles are told the state of each dependency", async () => {
  server = await startGuardedServer(auth, { dependencyReaders: ["operator"] });
  expect(await ready({ "x-api-key": keyOf("ops") })).toEqual({ status: "ready", dependencies: {} });
  const others = [
    { "x-api-key": keyOf("ada") },
    { "x-api-key": keyOf("nobody") },
    { "x-roles": "operator" },
    { authorization: `Bearer ${keyOf("ops")}` },
  ];
  for (const headers of others) expect(await ready(headers)).toEqual({ status: "ready" });
});

test("a probe without credentials is no refused caller, and one with wrong ones is", async () => {
  server = await startGuardedServer(auth, { dependencyReaders: ["operator"] });
  const refusals = () => server.logged.filter((line) => line.includes("caller refused"));
  await ready();
  expect(refusals()).toEqual([]);
  await ready({ "x-api-key": keyOf("nobody") });
  expect(refusals()).toEqual([expect.stringContaining('"path":"/health/ready"')]);
});

test("without such roles nobody is told", async () => {
  server = await startGuardedServer(auth);
  expect(await ready({ "x-api-key": keyOf("ops") })).toEqual({ status: "ready" });
});
