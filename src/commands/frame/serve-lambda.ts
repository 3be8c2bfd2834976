import { resolve } from "node:path";
import { createApp } from "../../adapters/http/app.ts";
import { ClientCertificates } from "../../adapters/http/client-certificate.ts";
import { createGuard, type Guard } from "../../adapters/http/guard.ts";
import { InvocationDeadlines } from "../../adapters/lambda/deadline.ts";
import { GatewayCallers } from "../../adapters/lambda/gateway-callers.ts";
import { createLambdaHandler, type LambdaHandler } from "../../adapters/lambda/handler.ts";
import type { Deps } from "../../assemble.ts";
import { modesInForce } from "../../config/auth.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import { warnOfAuditGaps } from "./audit-warnings.ts";
import { checkCacheFolder } from "./cache-check.ts";
import { openFront } from "./front.ts";
import { openIdentity } from "./identity.ts";
import { tellOutsideCalls } from "./outside-calls.ts";
import { checkPolicy } from "./policy-check.ts";
import { checkServices } from "./service-check.ts";
import { checkStateStore } from "./state-check.ts";

/** The handler of a Lambda function behind API Gateway or a function URL. Throws `ConfigError`. */
export async function openLambdaHandler(deps: Deps): Promise<LambdaHandler> {
  const { settings } = deps;
  refuseBehindGateway(settings);
  refuseLostRecords(settings);
  warnOfAuditGaps(deps);
  const callers = new GatewayCallers();
  const deadlines = new InvocationDeadlines();
  const calls = deadlines.bound(deps.calls);
  const identity = await openIdentity(deps, { iamCallerOf: callers.of });
  const front = await openFront({ ...deps, calls }, identity?.identify, { requestsOnly: true });
  const { http, lake } = settings;
  const [bucket] = lake.buckets.length === 1 ? lake.buckets : [];
  const outside = tellOutsideCalls(deps);
  const app = createApp({
    ...{ front, calls, guard: guardOf(http.allowedOrigins) },
    certificates: new ClientCertificates(),
    summarizeBucket: bucket?.bucket,
    oauth: identity?.oauth,
    dependencyReaders: [],
    // Nobody can read those of one environment among many.
    metrics: undefined,
    ready: async () => [
      await checkCacheFolder(lake.cache.dir),
      ...checkPolicy(deps.access),
      ...checkServices(deps.breakers),
      ...(await checkStateStore(deps.state)),
    ],
    draining: () => false,
    ...outside,
  });
  return createLambdaHandler({
    ...{ callers, deadlines, now: calls.now, onTurnedAway: outside.onTurnedAway },
    fetch: (request) => app.fetch(request),
    async flush(withinMs) {
      await Promise.all([deps.audit?.flush(withinMs), deps.tracing?.flush(withinMs)]);
      // The log is written once a turn of the event loop: this turn may be the last before the process is frozen.
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
}

/** Throws `ConfigError` where anybody could call, and for evidence that does not pass a gateway. */
function refuseBehindGateway({ auth }: Settings): void {
  const modes = modesInForce(auth);
  const problems = [
    ...(modes.includes("none")
      ? [
          "auth.modes asks nobody who they are: behind a gateway whoever reaches it could read all that Sluice can. Name who may call: iam, api_key, jwt or module",
        ]
      : []),
    ...(modes.includes("mtls")
      ? ["auth.modes: mtls wants TLS to end here, and a gateway ends it. Use iam, api_key, jwt or module"]
      : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Throws `ConfigError` where calls may change things and what is on record of them dies with the environment. */
function refuseLostRecords({ writes, audit: { journalDir, dynamodb } }: Settings): void {
  if (writes === "off" || dynamodb.table !== undefined) return;
  const lasts = journalDir !== undefined && !`${resolve(journalDir)}/`.startsWith("/tmp/");
  if (lasts) return;
  throw new ConfigError([
    `writes is ${writes}, and ${journalDir === undefined ? "no call is recorded" : `audit.journalDir (${journalDir}) dies with its environment`}: set audit.dynamodb.table, or audit.journalDir to a folder on EFS`,
  ]);
}

/** By its host name the gateway has found this function; pages of other origins are kept out as everywhere. */
function guardOf(allowedOrigins: readonly string[]): Guard {
  const guard = createGuard({ allowedHosts: [], allowedOrigins });
  return ({ origin }) => guard({ host: "localhost", origin });
}
