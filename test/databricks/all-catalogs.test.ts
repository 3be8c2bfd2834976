import { afterAll, describe, expect, test } from "vitest";
import { databricksLakes } from "../harness/databricks-lake.ts";
import { failing } from "../harness/databricks-server.ts";

const lakes = databricksLakes();
afterAll(() => lakes.stop());

describe("where every catalog is allowed, lake_list_sources", () => {
  test("asks for the catalogs, and for what is in them", async () => {
    const all = await lakes.start({ allow: [[]] });
    const { sources } = await all.lake.output("lake_list_sources");
    const catalogs = sources.filter(({ kind }: { kind: string }) => kind === "databricks");
    expect(catalogs).toContainEqual({
      kind: "databricks",
      level: "catalog",
      name: "main",
      uri: "databricks://main",
    });
    expect(new Set(catalogs.map(({ level }: { level: string }) => level))).toEqual(new Set(["catalog"]));
    expect((await all.lake.output("lake_list_sources", { uri: "databricks://main" })).sources).toHaveLength(
      2,
    );
    expect(
      await all.lake.output("lake_get_metadata", { uri: "databricks://main.hr.salaries" }),
    ).toMatchObject({
      uri: "databricks://main.hr.salaries",
    });
  });

  test("still names the other places when the workspace does not answer, and says so", async () => {
    const all = await lakes.start({ allow: [[]] });
    all.workspace.faults = [
      failing(/catalogs/, 9_999, 403, {}, { error_code: "PERMISSION_DENIED", message: "no" }),
    ];
    const { sources, notes } = await all.lake.output("lake_list_sources");
    expect(sources.filter(({ kind }: { kind: string }) => kind === "databricks")).toEqual([]);
    expect(sources.length).toBeGreaterThan(0);
    expect(notes).toEqual([expect.stringContaining("The catalogs of Databricks cannot be listed")]);
  });
});
