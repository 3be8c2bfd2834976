import { type Check, failed, ok, warning } from "./check.ts";

const least = [20, 19] as const;

/** Node runs Sluice from 20.19 on; releases of the AWS SDK after the first week of January 2027 need 22. */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major < least[0] || (major === least[0] && minor < least[1])) {
    return failed(
      "node",
      `Node ${version} is too old`,
      `Install Node ${least.join(".")} or newer; 24 is the current LTS.`,
    );
  }
  if (major < 22)
    return warning(
      "node",
      `Node ${version} works, and is past its end of life`,
      "Move to Node 24: newer AWS SDK releases need 22.",
    );
  return ok("node", `Node ${version}`);
}
