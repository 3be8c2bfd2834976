import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mergeIntoFile } from "./merge-file.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-connect-"));
  file = join(folder, "deep", "mcp.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const entry = { command: "/usr/bin/node", args: ["stdio"] };
const merge = (target = file, given = entry) =>
  mergeIntoFile({
    file: target,
    member: "mcpServers",
    serverName: "sluice",
    entry: given,
    now: new Date("2026-11-21T09:16:00.5Z"),
  });

async function before(text: string) {
  await mkdir(join(folder, "deep"), { recursive: true });
  await writeFile(file, text);
}

test("a file that is missing is created with its folders, readable by its owner alone", async () => {
  expect(await merge()).toEqual({ outcome: "created" });
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ mcpServers: { sluice: entry } });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("everything else in the file stays, in its order, indentation and mode, and the old text is kept beside it", async () => {
  const old =
    '{\n    "theme": "dark",\n    "mcpServers": {\n        "other": {\n            "url": "x"\n        }\n    },\n    "z": [1]\n}';
  await before(old);
  await chmod(file, 0o640);
  const { outcome, backup } = await merge();
  expect({ outcome, backup }).toEqual({ outcome: "updated", backup: `${file}.backup-20261121T091600Z` });
  expect(await readFile(backup ?? "", "utf8")).toBe(old);
  const text = await readFile(file, "utf8");
  expect(Object.keys(JSON.parse(text))).toEqual(["theme", "mcpServers", "z"]);
  expect(JSON.parse(text).mcpServers).toEqual({ other: { url: "x" }, sluice: entry });
  expect(text).toContain('\n    "theme"');
  expect((await stat(file)).mode & 0o777).toBe(0o640);
});

test("writing the same twice changes nothing and makes no second backup", async () => {
  await before("{}");
  await merge();
  expect(await merge()).toEqual({ outcome: "unchanged" });
  expect((await readdir(join(folder, "deep"))).sort()).toEqual([
    "mcp.json",
    "mcp.json.backup-20261121T091600Z",
  ]);
});

test("a link stays a link", async () => {
  await before("{}");
  const link = join(folder, "link.json");
  await symlink(file, link);
  await merge(link);
  expect(await readlink(link)).toBe(file);
  expect(JSON.parse(await readFile(file, "utf8")).mcpServers.sluice).toEqual(entry);
});

test.each([
  ["comments", '{\n // mine\n "mcpServers": {}\n}', "is not plain JSON"],
  ["a list", "[]", "is not plain JSON"],
  ["a torn end", '{"mcpServers": {', "is not plain JSON"],
  ["servers that are no object", '{"mcpServers": []}', "is not an object"],
])("a file with %s is left as it is", async (_what, text, says) => {
  await before(text);
  await expect(merge()).rejects.toThrow(says);
  expect(await readFile(file, "utf8")).toBe(text);
  expect(await readdir(join(folder, "deep"))).toEqual(["mcp.json"]);
});

test("an empty file and a byte order mark are no obstacle", async () => {
  await before("\ufeff");
  expect((await merge()).outcome).toBe("updated");
});
