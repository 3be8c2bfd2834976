/** As much of the AWS SDK's middleware stack as it takes to stand in a client's way. Source: AWS SDK, "MiddlewareStack". */
export interface SdkStack<Next> {
  add(
    middleware: (next: Next, context: object) => Next,
    options: { step: "initialize" | "finalizeRequest" | "deserialize"; priority: "high" | "low" },
  ): void;
}

/** Takes any client's stack: their types differ by what they send. */
export interface SdkPlugin {
  applyToStack(stack: object): void;
}

/** As much of a client, or of one of its commands, as it takes to give it a plugin. */
export interface PluggableClient {
  middlewareStack: { use(plugin: SdkPlugin): void };
}
