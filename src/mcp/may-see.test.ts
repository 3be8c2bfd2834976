import { expect, test } from "vitest";
import { tool } from "../../test/harness/call-path.ts";
import { localPrincipal } from "../core/principal.ts";
import { allowWrites, type Policy, refuseWrites, unguarded } from "../core/steps.ts";
import { isListed } from "./may-see.ts";

const seen: Policy = { visible: () => true, authorize: async () => {} };
const hidden: Policy = { ...seen, visible: () => false };

test.each(["read", "write", "destroy"] as const)("a tool whose effect is %s", (effect) => {
  const one = tool("test_one", { effect });
  const listed = (policy: Policy, confirmer = refuseWrites) =>
    isListed({ ...unguarded, policy, confirmer }, localPrincipal, one);
  expect(listed(seen)).toBe(effect === "read");
  expect(listed(seen, allowWrites)).toBe(true);
  expect(listed(hidden, allowWrites)).toBe(false);
});
