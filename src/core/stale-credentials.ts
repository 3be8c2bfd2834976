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

/** As much of the AWS SDK's middleware stack as it takes to send a request once more. */
interface SdkStack {
  add(middleware: Middleware, options: { step: "initialize"; priority: "high" }): void;
}
type Middleware = (next: Next) => Next;
type Next = (request: object) => Promise<unknown>;

interface SdkIdentity {
  accessKeyId: string;
  sessionToken?: string | undefined;
}

interface SdkClient {
  config: { credentials(options?: { forceRefresh?: boolean }): Promise<SdkIdentity> };
  middlewareStack: { use(plugin: { applyToStack(stack: object): void }): void };
}

/**
 * A client that reads its credentials anew where AWS no longer takes them, and sends the request once more where they are
 * others by now. Left to itself the SDK keeps a key without an end for as long as the client lives.
 */
export function rereading<C extends SdkClient>(client: C): C {
  const resend: Middleware = (next) => async (request) => {
    const used = await client.config.credentials().catch(() => undefined);
    try {
      return await next(request);
    } catch (thrown) {
      if (!(thrown instanceof Error) || !isStaleName(thrown.name)) throw thrown;
      const read = await client.config.credentials({ forceRefresh: true });
      if (read.accessKeyId === used?.accessKeyId && read.sessionToken === used.sessionToken) throw thrown;
      return next(request);
    }
  };
  client.middlewareStack.use({
    applyToStack: (stack) => (stack as SdkStack).add(resend, { step: "initialize", priority: "high" }),
  });
  return client;
}
