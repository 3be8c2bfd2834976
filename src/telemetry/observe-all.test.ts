import { expect, test } from "vitest";
import { call, pathWith, tool } from "../../test/harness/call-path.ts";
import { beginServiceCall, observeServiceCalls } from "../core/service-calls.ts";
import { type Observer, unguarded } from "../core/steps.ts";
import { observeAll } from "./observe-all.ts";

test("of several observers one that throws around a call costs neither it nor the others anything", async () => {
  const seen: string[] = [];
  const said = tool("test_say_word", {
    handle: async () => {
      beginServiceCall("test", "SayWord")?.ended();
      return { said: "hello" };
    },
  });
  const { observer } = unguarded;
  const watching: Observer = {
    ...observer,
    around: (of, work) =>
      observeServiceCalls(
        {
          began({ operation }) {
            seen.push(`${of.correlationId}: ${operation}`);
            return () => {};
          },
        },
        work,
      ),
  };
  const failing: Observer = {
    ...observer,
    around() {
      throw new Error("No tracer.");
    },
  };
  for (const observers of [
    [watching, failing],
    [failing, watching],
  ]) {
    const path = pathWith([said], { steps: { ...unguarded, observer: observeAll(observers) } });
    expect(await call(path, "test_say_word")).toMatchObject({ kind: "completed" });
  }
  expect(seen).toEqual(["id-1: SayWord", "id-1: SayWord"]);
});
