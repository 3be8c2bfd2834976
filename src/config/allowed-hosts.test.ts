import { expect, test } from "vitest";
import { loadSettings, settingsProblems } from "../../test/harness/load-settings.ts";

const given = (...hosts: string[]) => `--http.allowedHosts=${JSON.stringify(hosts)}`;

test.each(["*", "*.example.org", "lake.example.org:8443", "https://lake.example.org", "fd00::5", "a/b", ""])(
  "%j, which no Host header could match, is refused, with what to write",
  async (host) => {
    expect(await settingsProblems(given("lake.example.org", host))).toEqual([
      expect.stringMatching(
        /^http\.allowedHosts item 2 .* write each name \(lake\.example\.org\) or address \(10\.0\.0\.5, \[fd00::5\]\)/,
      ),
    ]);
  },
);

test("names and addresses are taken", async () => {
  const hosts = ["Lake.Example.org", "10.0.0.5", "[fd00::5]", "service_a"];
  expect((await loadSettings(given(...hosts))).settings.http.allowedHosts).toEqual(hosts);
});
