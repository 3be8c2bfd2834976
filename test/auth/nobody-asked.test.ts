import { expect, test } from "vitest";
import { checkIdentity } from "../../src/commands/doctor/identity.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startPolicyServer } from "../harness/policy-server.ts";

/** What the log and the doctor say of a server on loopback that asks nobody, and that clients may call by these names. */
async function saidOf(allowedHosts: string[]): Promise<string[]> {
  const logged: string[] = [];
  const log = createLog({ level: "warn", write: (line) => logged.push(line) });
  const server = await startPolicyServer({ http: { allowedHosts } }, {}, undefined, log);
  const checks = await checkIdentity(server.deps.settings);
  await server.stop();
  return [...logged, ...checks.map(({ status, message }) => `${status}: ${message}`)];
}

test("names of other hosts are warned of: a proxy would bring callers nobody asked", async () => {
  const said = await saidOf(["localhost", "sluice.example.org"]);
  expect(said).toEqual([
    expect.stringContaining("http.allowedHosts has sluice.example.org, and auth.modes asks nobody"),
    expect.stringMatching(/^warning: http\.allowedHosts has sluice\.example\.org/),
  ]);
  expect(await saidOf(["127.0.0.1"])).toEqual([]);
});
