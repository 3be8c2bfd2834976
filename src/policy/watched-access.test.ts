import { mkdtemp, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Access } from "./access.ts";
import { type CompiledPolicy, compilePolicy } from "./compile-policy.ts";
import { watchedAccess } from "./watched-access.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-watched-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A policy whose text is the name of its one role. */
async function read(text: string): Promise<CompiledPolicy | readonly string[]> {
  if (text === "throw") throw new Error("No YAML.");
  if (!/^\w+$/.test(text)) return ["no role"];
  const roles = { [text]: { allow: [], deny: [], effects: [] } };
  return compilePolicy({ roles, bindings: [], default: [] }, { tools: [], checkResources: () => [] });
}

function shown(access: Access): unknown {
  const state = access.state();
  return "policy" in state ? [...state.policy.roles.keys()].join() : state.problems;
}

test("a file is in force as it is now, and one that cannot be used is nobody's", async () => {
  const path = join(folder, "policy.yaml");
  const access = watchedAccess({ path, read, everyMs: 5 });
  const told: unknown[] = [];
  access.onChange(() => told.push(shown(access)));
  expect(shown(access)).toEqual([`The policy ${path} is not read yet.`]);
  await access.loaded;
  const gone = [`The policy ${path} cannot be read: ENOENT`];
  expect(shown(access)).toEqual(gone);
  const steps: [() => Promise<void>, unknown][] = [
    [() => writeFile(path, "one"), "one"],
    [() => writeFile(path, "two"), "two"],
    [() => writeFile(path, "{"), [`${path}: no role`]],
    [() => writeFile(path, "throw"), ["No YAML."]],
    [() => writeFile(path, ""), [`${path}: no role`]],
    [() => writeFile(`${path}.new`, "one").then(() => rename(`${path}.new`, path)), "one"],
    [() => unlink(path), gone],
    [() => writeFile(path, "-".repeat(1024 ** 2 + 1)), [expect.stringContaining("more than 1048576 bytes")]],
    [() => writeFile(path, "two"), "two"],
  ];
  for (const [change, expected] of steps) {
    await change();
    await expect.poll(() => shown(access)).toEqual(expected);
  }
  expect(told.filter((state) => typeof state === "string")).toEqual(["one", "two", "one", "two"]);
  access.close();
  await writeFile(path, "three");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(shown(access)).toBe("two");
});

test("a disk that no longer answers makes the policy nobody's, without another look, until it does", async () => {
  const path = join(folder, "hanging.yaml");
  await writeFile(path, "one");
  let answers: Promise<void> = Promise.resolve();
  let looks = 0;
  const statFile = async () => {
    looks++;
    await answers;
    return stat(path);
  };
  const hang = () => {
    let end = () => {};
    answers = new Promise((resolve) => {
      end = resolve;
    });
    return () => end();
  };
  const access = watchedAccess({ path, read, everyMs: 5, patienceMs: 50, statFile });
  await access.loaded;
  const told: unknown[] = [];
  access.onChange(() => told.push(shown(access)));
  const silent = [`The policy ${path} cannot be read: its disk has not answered for 0.05 s`];
  const end = hang();
  await expect.poll(() => shown(access)).toEqual(silent);
  const looksThen = looks;
  await writeFile(path, "two");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([looks, told]).toEqual([looksThen, [silent]]);
  end();
  await expect.poll(() => shown(access)).toBe("two");
  expect(told).toEqual([silent, "two"]);
  access.close();
});

test("a disk that does not answer at the start is told of in place of a start that never ends", async () => {
  const never = new Promise<never>(() => {});
  const path = join(folder, "never.yaml");
  const access = watchedAccess({ path, read, everyMs: 5, patienceMs: 50, statFile: () => never });
  await access.loaded;
  expect(shown(access)).toEqual([expect.stringContaining("its disk has not answered")]);
  access.close();
});

test("a folder in its place is no policy", async () => {
  const access = watchedAccess({ path: folder, read, everyMs: 5 });
  await access.loaded;
  access.close();
  expect(shown(access)).toEqual([`The policy ${folder} cannot be read: it is no file`]);
});
