import { z } from "zod";
import type { AwsResource, NamedResource } from "./aws-resource.ts";
import type { Outside, OutsideWork } from "./outside.ts";
import type { Principal } from "./principal.ts";
import type { WritePlan } from "./write-plan.ts";

/** What a call does to the world. `write` changes it and can be undone; `destroy` cannot. */
export type Effect = "read" | "write" | "destroy";

/**
 * What tools reach the outside through. Each folder that offers a service adds it here by declaration
 * merging (`declare module "../core/tool.ts"`), so that core imports none of them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Services {}

/** How far a long call has come, in units of the tool's choosing. */
export interface Progress {
  done: number;
  total?: number;
  message?: string;
}

/** How much one result may hold. A tool that returns a list stays inside both and gives a cursor to go on. */
export interface ResultBounds {
  maxBytes: number;
  maxRows: number;
}

/** What a handler gets beside its input. */
export interface CallContext extends Services {
  principal: Principal;
  correlationId: string;
  /** Aborted at the deadline, when the client cancels, and when the client is gone. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  deadlineMs: number;
  bounds: ResultBounds;
  /** Current time in milliseconds since the epoch. */
  now(): number;
  progress(update: Progress): void;
  /**
   * Whether the caller's roles reach an AWS resource. A tool that lists leaves out what they do not; one that acts throws
   * `outsideRoles` before it does.
   */
  may(resource: AwsResource): boolean;
  /** Of a call that another process may be asked to go on with. */
  outside?: Outside;
}

/** What stops work elsewhere: the caller, services, and when to give up. */
export interface StopContext extends Services {
  principal: Principal;
  signal: AbortSignal;
}

export interface ToolExample {
  title: string;
  input: Record<string, unknown>;
}

/** A name of an older system that stays callable, with that system's arguments. */
export interface ToolAlias {
  name: string;
  /** The old argument shape. */
  input: z.ZodObject;
  /** Old arguments, already parsed, to the tool's own input. */
  toInput(old: Record<string, unknown>): Record<string, unknown>;
}

export interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject> {
  /** `<toolset>_<verb>_<noun>`, at most 64 characters. */
  name: string;
  title: string;
  /** What it does, when to use it, when not. At most 1,024 characters. */
  description: string;
  effect: Effect;
  /** IAM actions its AWS requests need, such as `s3:GetObject`. */
  iam: readonly string[];
  input: Input;
  output: Output;
  examples: readonly ToolExample[];
  aliases?: readonly ToolAlias[];
  /** Output fields whose text came from objects, logs or tags, and must not be taken for instructions. */
  untrusted?: readonly (keyof z.output<Output> & string)[];
  /** Whether a second call with the same arguments changes nothing more. Reads always are. */
  idempotent?: boolean;
  /** Whether a long call may be answered with a task, for clients that take them. Default: no. */
  task?: "optional";
  /**
   * What calls touch, for roles that do not reach everything. `lake`: nothing but what the lake lets it. Else the AWS
   * resources that the arguments name, one at least. Left out: nobody knows, and such roles deny every call.
   */
  resources?: "lake" | ((input: z.output<Input>) => readonly NamedResource[]);
  handle(input: z.output<Input>, context: CallContext): Promise<z.input<Output>>;
  /** Of a tool that changes things: what the call would do, found out without doing it. Throws what `handle` would. */
  plan?(input: z.output<Input>, context: CallContext): Promise<WritePlan>;
  /**
   * Stops work that a call of this caller began elsewhere, and that no call here waits for. What has ended stays as it
   * ended. Throws where it may go on.
   */
  stopOutside?(work: OutsideWork, context: StopContext): Promise<void>;
}

/** A tool with its types erased, as the registry and the call path hold it. */
export interface Tool {
  readonly name: string;
  readonly toolset: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  readonly idempotent: boolean;
  readonly task?: "optional";
  readonly iam: readonly string[];
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly examples: readonly ToolExample[];
  readonly aliases: readonly ToolAlias[];
  readonly untrusted: readonly string[];
  readonly resources?: "lake" | ((input: Record<string, unknown>) => readonly NamedResource[]);
  /** `input` must have come out of this tool's own input schema. */
  readonly handle: (input: Record<string, unknown>, context: CallContext) => Promise<Record<string, unknown>>;
  readonly plan?: (input: Record<string, unknown>, context: CallContext) => Promise<WritePlan>;
  readonly stopOutside?: (work: OutsideWork, context: StopContext) => Promise<void>;
}

/** Among the arguments of a write: the token of its plan. Agents can send nothing but arguments. */
export const confirmationArgument = "confirmationToken";

/** In the output of a write that was confirmed, done, and called again. */
export const alreadyCarriedOutAt = "alreadyCarriedOutAt";

const repeated = {
  [alreadyCarriedOutAt]: z.string().optional(),
};

const namePattern = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;

/** Declares a tool. Throws at start-up when the declaration breaks the contract, so a bad one never ships. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const { plan, resources, ...declared } = definition;
  const { name, description, effect } = declared;
  if (!namePattern.test(name) || name.length > 64) {
    throw new TypeError(`Tool name "${name}" is not <toolset>_<verb>_<noun> of at most 64 characters.`);
  }
  if (description.length > 1024) {
    throw new TypeError(
      `The description of ${name} has ${description.length} characters; 1,024 are allowed.`,
    );
  }
  if (effect !== "read" && confirmationArgument in definition.input.shape) {
    throw new TypeError(`${name} has an argument ${confirmationArgument}, which the call path takes away.`);
  }
  return Object.freeze({
    ...declared,
    output: effect === "read" ? declared.output : declared.output.extend(repeated),
    toolset: name.slice(0, name.indexOf("_")),
    idempotent: definition.idempotent ?? effect === "read",
    aliases: definition.aliases ?? [],
    untrusted: definition.untrusted ?? [],
    // The call path parses with this very schema before it calls, which is what the erased type promises.
    handle: (input: Record<string, unknown>, context: CallContext) =>
      definition.handle(input as z.output<Input>, context),
    ...(resources && {
      resources:
        resources === "lake"
          ? resources
          : (input: Record<string, unknown>) => resources.call(definition, input as z.output<Input>),
    }),
    ...(plan && {
      plan: (input: Record<string, unknown>, context: CallContext) =>
        plan.call(definition, input as z.output<Input>, context),
    }),
  });
}
