import { isRecord } from "../core/record.ts";
import type { PluggableClient, SdkStack } from "./sdk-middleware.ts";

/** Those that have ended, */
const expiredNames = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
  "RequestExpired",
]);
/** and those that were taken back, as when keys are rotated. */
const replacedNames = new Set([
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidToken",
  "UnrecognizedClientException",
]);

export function isExpiredName(name: string): boolean {
  return expiredNames.has(name);
}

/** Whether an error of this name may be mended by reading credentials anew. Source: AWS, "Common errors" of each service. */
export function isStaleName(name: string): boolean {
  return expiredNames.has(name) || replacedNames.has(name);
}

type Next = (args: { request?: unknown }) => Promise<unknown>;

interface SdkIdentity {
  accessKeyId: string;
  sessionToken?: string | undefined;
}

/** As much of a client as it takes. */
export interface RereadingClient extends PluggableClient {
  config: { credentials(options?: { forceRefresh?: boolean }): Promise<SdkIdentity> };
}

/**
 * A client that reads its credentials anew where AWS no longer takes them, and sends the request once more where they are
 * others by now. Left to itself the SDK keeps a key without an end for as long as the client lives.
 */
export function rereading<C extends RereadingClient>(client: C): C {
  const signedWith = new WeakMap<object, string>();
  const look =
    (next: Next, context: object): Next =>
    (args) => {
      signedWith.set(context, identityOf(args.request));
      return next(args);
    };
  const resend =
    (next: Next, context: object): Next =>
    async (args) => {
      try {
        return await next(args);
      } catch (thrown) {
        if (!(thrown instanceof Error) || !isStaleName(thrown.name)) throw thrown;
        const { accessKeyId, sessionToken = "" } = await client.config.credentials({ forceRefresh: true });
        if (`${accessKeyId} ${sessionToken}` === signedWith.get(context)) throw thrown;
        return next(args);
      }
    };
  client.middlewareStack.use({
    applyToStack(stack) {
      (stack as SdkStack<Next>).add(look, { step: "deserialize", priority: "high" });
      (stack as SdkStack<Next>).add(resend, { step: "initialize", priority: "high" });
    },
  });
  return client;
}

/** Of a signed request. Source: AWS Signature Version 4, "Authorization header". */
function identityOf(request: unknown): string {
  const headers = isRecord(request) && isRecord(request.headers) ? request.headers : {};
  const [, accessKeyId = ""] = /Credential=([^/]+)\//.exec(String(headers.authorization)) ?? [];
  return `${accessKeyId} ${headers["x-amz-security-token"] ?? ""}`;
}
