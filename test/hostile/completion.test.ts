import { expect, test } from "vitest";
import { echoFront } from "../harness/echo-front.ts";
import { echoToolset } from "../harness/echo-toolset.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";

const [prompt] = echoToolset.prompts ?? [];

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "nobody"])(
  "an argument called %s has no proposals",
  async (name) => {
    const front = echoFront();
    const ref = { type: "ref/prompt", name: prompt?.name };
    const { body, headers } = modernRequest("completion/complete", { ref, argument: { name, value: "" } });
    const { messages } = await postMcp(front, body, headers);
    expect(messages[0]?.result?.completion).toMatchObject({ values: [], total: 0 });
    await front.close();
  },
);
