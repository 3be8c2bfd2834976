import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDeps } from "../../src/commands/frame/open.ts";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { recordingTerminal } from "../harness/terminal.ts";

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-named-")));
  await mkdir(join(folder, "keys"));
});
afterAll(() => rm(folder, { recursive: true }));

const own = ["auth.mjs", "ca.pem", "cert.pem", "crl.pem", "key.pem", "keys/ada", "keys/old", "keys/tasks"];

test("files that settings name for secrets, certificates and code are read by no caller of a root that has them", async () => {
  const kept = (name: string) => `secret://file${folder}/keys/${name}`;
  for (const path of [...own, "data.csv", "keys/data.csv"])
    await writeFile(join(folder, path), `${"k".repeat(40)}\n1\n`);
  const settings = {
    lake: { localRoots: [`work=${folder}`], cache: { dir: "cache" } },
    auth: {
      modes: ["api_key", "module", "mtls"],
      apiKeys: [{ id: "ada", keys: [kept("ada")] }],
      module: "auth.mjs",
      mtls: {
        ...{ caFile: "ca.pem", crlFile: "crl.pem" },
        clients: [{ id: "ada", certificate: "DNS:ada.example.org" }],
      },
    },
    http: { tls: { certFile: "cert.pem", keyFile: "key.pem" } },
    tasks: { key: kept("old") },
  };
  await writeFile(join(folder, "sluice.yaml"), JSON.stringify(settings));
  // Wins over the file, whose reference is one all the same.
  const env = { SLUICE_TASKS_KEY: kept("tasks") };
  const terminal = recordingTerminal({ cwd: folder, home: join(folder, "home"), env });
  const { deps, close } = await openDeps({ terminal, argv: [] }, { demo: false, quietLevel: "silent" });
  const call = (name: string, uri: string) =>
    callTool(deps.calls, { name, arguments: { uri }, principal: localPrincipal });
  try {
    for (const path of [...own, "sluice.yaml"]) {
      for (const tool of ["lake_get_metadata", "lake_read_rows", "lake_summarize_text"])
        expect(await call(tool, join(folder, path)), `${tool} ${path}`).toMatchObject({
          fault: { code: "denied" },
        });
    }
    expect(await call("lake_get_metadata", join(folder, "data.csv"))).toMatchObject({ kind: "completed" });
    const listed = await Promise.all(
      ["", "keys/"].map((below) => call("lake_list_objects", `${folder}/${below}`)),
    );
    const shown = JSON.stringify(listed.map((result) => "output" in result && result.output));
    expect(shown).toContain("keys/data.csv");
    for (const path of own) expect(shown).not.toContain(`${path}"`);
  } finally {
    await close();
  }
});
