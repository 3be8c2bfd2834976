import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { lakeSettings } from "../harness/lake-settings.ts";
import { readAll } from "../harness/read-all.ts";

const { signal } = new AbortController();
let base: string;
let root: string;
const socket = createServer();

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "sluice-fence-"));
  root = join(base, "data");
  await mkdir(join(root, "sub"), { recursive: true });
  await mkdir(join(base, "data-evil"));
  await mkdir(join(base, "outside"));
  await writeFile(join(root, "good.csv"), "id\n1\n");
  await writeFile(join(root, "sub/good.csv"), "id\n2\n");
  await writeFile(join(base, "data-evil/secret.csv"), "secret");
  await writeFile(join(base, "outside/secret.csv"), "secret");
  await writeFile(join(base, "outside/alone.csv"), "secret");
  await symlink(join(base, "outside/secret.csv"), join(root, "link.csv"));
  await symlink(join(base, "outside/missing.csv"), join(root, "dangling.csv"));
  await symlink(join(base, "outside"), join(root, "linked"));
  await symlink(join(base, "nowhere"), join(root, "nowhere"));
  await symlink("good.csv", join(root, "inside-link.csv"));
  await link(join(base, "outside/secret.csv"), join(root, "hard.csv"));
  const makeFifo = "mkfifo";
  execFileSync(makeFifo, [join(root, "fifo")]);
  await new Promise<void>((resolve) => socket.listen(join(root, "socket"), resolve));
});

afterAll(async () => {
  await new Promise((resolve) => socket.close(resolve));
  await rm(base, { recursive: true });
});

describe.each([{ anchored: true }, { anchored: false }])("anchored: $anchored", ({ anchored }) => {
  const stores = (allowHardLinks = false) =>
    createStores(lakeSettings({ allowHardLinks, localRoots: [{ name: "data", path: root }] }), { anchored });

  const attempt = async (uri: string, hardLinks = false) => {
    const asked = stores(hardLinks);
    try {
      const { body } = await asked.read({ location: asked.resolve(uri) }, signal);
      return (await readAll(body)).toString();
    } catch (thrown) {
      const { code, message } = thrown as { code: string; message: string };
      const rest = message.replace(JSON.stringify(uri), "NAME");
      if (!uri.startsWith("file:") && uri.length < 200) expect(rest).not.toContain(base);
      return `${code}: ${rest}`;
    }
  };

  const refused =
    "denied: NAME is outside what may be read here. lake_list_sources names the places that may be.";

  test("good names are read", async () => {
    expect(await attempt(`${root}/good.csv`)).toBe("id\n1\n");
    expect(await attempt(`file://${root}/sub/good.csv`)).toBe("id\n2\n");
    expect(await attempt(`${root}/./sub//good.csv`)).toBe("id\n2\n");
  });

  test.each([
    ["../out%73ide/secret.csv"],
    ["../out/secret.csv"],
    ["../../../../etc/passwd"],
    ["../../../../etc/missing"],
    ["sub/../../data-evil/secret.csv"],
    ["sub/../good.csv"],
    [".."],
    ["link.csv"],
    ["dangling.csv"],
    ["linked/secret.csv"],
    ["linked/missing.csv"],
    ["nowhere/missing.csv"],
    ["inside-link.csv"],
  ])("%s is refused, whether there is something or not", async (path) => {
    expect(await attempt(`${root}/${path}`)).toBe(refused);
  });

  test("prefix twins, absolute paths and encoded climbs are refused", async () => {
    expect(await attempt(`${root}-evil/secret.csv`)).toBe(refused);
    expect(await attempt(`${root}-evil/missing.csv`)).toBe(refused);
    expect(await attempt("/etc/passwd")).toBe(refused);
    expect(await attempt("/etc/missing")).toBe(refused);
    expect(await attempt("/dev/zero")).toBe(refused);
    expect(await attempt("/proc/self/environ")).toBe(refused);
    expect(await attempt(`file://${root}/%2e%2e/data-evil/secret.csv`)).toMatch(/^denied: .* is outside/);
    expect(await attempt(`file://${root}/sub/.%2E/good.csv`)).toMatch(/^denied: .* is outside/);
  });

  test("what a root cannot hold is bad input, and not a lookup", async () => {
    expect(await attempt(`${root}/good.csv\0.txt`)).toMatch(/^invalid_input/);
    expect(await attempt(`file://${root}/good.csv%00`)).toMatch(/^invalid_input/);
    expect(await attempt(`file://${root}/%2e%2e%2foutside`)).toMatch(/^invalid_input/);
    expect(await attempt(`${root}/${"x".repeat(300)}`)).toMatch(/^invalid_input/);
    expect(await attempt(`${root}/${"x/".repeat(3000)}`)).toMatch(/^invalid_input/);
  });

  test("special files are refused, and not waited for", async () => {
    const started = Date.now();
    expect(await attempt(`${root}/fifo`)).toMatch(/^denied: NAME is not a regular file/);
    expect(await attempt(`${root}/socket`)).toMatch(/^denied: NAME is not a regular file/);
    expect(await attempt(`${root}/sub`)).toMatch(/^invalid_input: NAME is a folder/);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test("hard links are refused unless allowed", async () => {
    expect(await attempt(`${root}/hard.csv`)).toMatch(/^denied: NAME has more than one name/);
    expect(await attempt(`${root}/hard.csv`, true)).toBe("secret");
  });

  test("a listing shows no links and no special files", async () => {
    const asked = stores();
    const page = await asked.list({ location: asked.resolve(root), maxKeys: 100 }, signal);
    const names = page.objects.map(({ uri }) => uri.slice(root.length + 1));
    expect(names).toEqual(["good.csv", "hard.csv", "sub/good.csv"]);
    const level = await asked.list({ location: asked.resolve(root), maxKeys: 100, delimiter: "/" }, signal);
    expect(level.prefixes).toEqual([`${root}/sub/`]);
    const linked = asked.list({ location: asked.resolve(`${root}/linked`), maxKeys: 100 }, signal);
    await expect(linked).rejects.toMatchObject({ code: "denied" });
  });

  test("opening in place goes through the same fence", async () => {
    const asked = stores();
    const good = await asked.head(asked.resolve(`${root}/good.csv`), signal);
    for (const path of ["link.csv", "hard.csv", "linked/secret.csv", "fifo"]) {
      const location = { kind: "local", path: `${root}/${path}` } as const;
      await expect(asked.openLocal({ ...good, location })).rejects.toMatchObject({ code: "denied" });
    }
    const location = { kind: "local", path: `${base}/outside/secret.csv` } as const;
    await expect(asked.openLocal({ ...good, location })).rejects.toMatchObject({ code: "denied" });
  });

  test("a root that has the cache in it gives nothing of the cache, whether it is there or not", async () => {
    const folder = join(base, `home-${anchored}`);
    const entry = join(folder, ".cache/v1/entries/key");
    await mkdir(entry, { recursive: true });
    await writeFile(join(entry, "data"), "of another tenant");
    await writeFile(join(folder, ".cache/sample.csv"), "sample");
    await symlink(folder, `${folder}-link`);
    const cache = { dir: join(folder, ".cache"), maxBytes: 1 };
    for (const path of [folder, `${folder}-link`]) {
      const stores = createStores(lakeSettings({ cache, localRoots: [{ name: "home", path }] }), {
        anchored,
      });
      for (const name of ["v1/entries/key/data", "v1/entries/none/data", "v1", "v1/./entries//key/data"]) {
        const location = stores.resolve(`${path}/.cache/${name}`);
        await expect(stores.head(location, signal)).rejects.toMatchObject({ code: "denied" });
        await expect(stores.list({ location, maxKeys: 9 }, signal)).rejects.toMatchObject({ code: "denied" });
      }
      const { objects } = await stores.list({ location: stores.resolve(`${path}/`), maxKeys: 9 }, signal);
      expect(objects.map(({ uri }) => uri)).toEqual([`${path}/.cache/sample.csv`]);
    }
    if (!anchored) {
      const stores = createStores(lakeSettings({ cache, localRoots: [{ name: "home", path: folder }] }), {
        anchored,
      });
      const location = stores.resolve(`${folder}/.CACHE/V1/entries/key/data`);
      await expect(stores.head(location, signal)).rejects.toMatchObject({ code: "denied" });
    }
  });

  test("a root that has the audit's journal and the settings in it gives nothing of them", async () => {
    const folder = join(base, `work-${anchored}`);
    const journal = join(folder, "journal");
    await mkdir(journal, { recursive: true });
    await writeFile(join(journal, "records.ndjson"), "{}");
    await writeFile(join(folder, "sample.csv"), "a\n1\n");
    await writeFile(join(folder, "sluice.yaml"), "writes: confirm\n");
    const settings = lakeSettings({
      localRoots: [{ name: "work", path: folder }],
      privatePaths: [journal, join(folder, "sluice.yaml")],
    });
    const stores = createStores(settings, { anchored });
    for (const path of [`${journal}/records.ndjson`, `${folder}/sluice.yaml`]) {
      const location = stores.resolve(path);
      await expect(stores.head(location, signal)).rejects.toMatchObject({ code: "denied" });
      await expect(stores.read({ location }, signal)).rejects.toMatchObject({ code: "denied" });
    }
    const { objects } = await stores.list({ location: stores.resolve(`${folder}/`), maxKeys: 9 }, signal);
    expect(objects.map(({ uri }) => uri)).toEqual([`${folder}/sample.csv`]);
  });

  test("a private file that is exchanged by a link, or not there yet, is held wherever it is", async () => {
    const folder = join(base, `exchanged-${anchored}`);
    await mkdir(join(folder, "one"), { recursive: true });
    await mkdir(join(folder, "two"));
    for (const name of ["one", "two"]) await writeFile(join(folder, name, "key"), name);
    await symlink("one", join(folder, "now"));
    const settings = lakeSettings({
      localRoots: [{ name: "work", path: folder }],
      privatePaths: [join(folder, "now/key"), join(folder, "later/queries")],
    });
    const stores = createStores(settings, { anchored });
    const codeOf = async (path: string) =>
      stores.head(stores.resolve(join(folder, path)), signal).then(
        () => "read",
        ({ code }: { code: string }) => code,
      );
    expect([await codeOf("one/key"), await codeOf("two/key")]).toEqual(["denied", "read"]);
    await mkdir(join(folder, "later/queries"), { recursive: true });
    await writeFile(join(folder, "later/queries/rows"), "1");
    expect(await codeOf("later/queries/rows")).toBe("denied");
    await symlink("two", join(folder, "next"));
    await rename(join(folder, "next"), join(folder, "now"));
    await expect.poll(() => codeOf("two/key"), { timeout: 3_000 }).toBe("denied");
    expect(await codeOf("one/key")).toBe("read");
  });

  test("a location that was not resolved first is checked all the same", async () => {
    const location = { kind: "local", path: `${base}/outside/secret.csv` } as const;
    await expect(stores().head(location, signal)).rejects.toMatchObject({ code: "denied" });
    await expect(stores().read({ location }, signal)).rejects.toMatchObject({ code: "denied" });
    await expect(stores().list({ location, maxKeys: 1 }, signal)).rejects.toMatchObject({ code: "denied" });
  });
});

test("a folder swapped for a link while files are opened never leads outside", async () => {
  const stores = createStores(lakeSettings({ localRoots: [{ name: "data", path: root }] }), {
    anchored: true,
  });
  const swapped = join(root, "swapped");
  await mkdir(join(root, "honest"));
  await writeFile(join(root, "honest/alone.csv"), "honest");
  await symlink(join(base, "outside"), join(root, "evil"));
  let stop = false;
  const swapping = (async () => {
    while (!stop) {
      await rename(join(root, "honest"), swapped).catch(() => {});
      await rename(swapped, join(root, "honest")).catch(() => {});
      await rename(join(root, "evil"), swapped).catch(() => {});
      await rename(swapped, join(root, "evil")).catch(() => {});
    }
  })();
  const seen = new Map<string, number>();
  for (let turn = 0; turn < 400; turn++) {
    const result = await stores
      .read({ location: stores.resolve(`${swapped}/alone.csv`) }, signal)
      .then(({ body }) => readAll(body))
      .then(String, (thrown) => (thrown as { code: string }).code);
    seen.set(result, (seen.get(result) ?? 0) + 1);
  }
  stop = true;
  await swapping;
  expect(
    [...seen.keys()].filter((result) => !["honest", "not_found", "denied", "changed"].includes(result)),
  ).toEqual([]);
  await unlink(join(root, "evil")).catch(() => unlink(swapped));
});
