import { z } from "zod";
import { inTime } from "../core/in-time.ts";
import type { Principal } from "../core/principal.ts";
import { type AuthMode, type CallerRequest, refuse, type Verdict } from "./mode.ts";
import { outsideName, outsideNames } from "./names.ts";

/** What a module is told of a request. Names of headers are in small letters. */
export interface ModuleRequest {
  method: string;
  /** Path of the URL, such as `/mcp`. */
  path: string;
  headers: Readonly<Record<string, string>>;
}

/** What a module answers with: who called, or that nobody is let in. */
export type ModuleAnswer =
  | { principal: { id: string; tenantId: string; roles?: string[]; scopes?: string[] } }
  /** `reason` goes to the log and to nobody else. */
  | { refused: true; reason?: string };

/** The default export of a module of `auth.module`. What it throws lets nobody in. */
export interface AuthModule {
  authenticate(request: ModuleRequest): Promise<ModuleAnswer> | ModuleAnswer;
}

const moduleShape = z.object({ authenticate: z.function() });

const answerShape = z.union([
  z.strictObject({
    principal: z.strictObject({
      id: outsideName,
      tenantId: outsideName,
      roles: outsideNames.default([]),
      scopes: outsideNames.default([]),
    }),
  }),
  z.strictObject({ refused: z.literal(true), reason: z.string().optional() }),
]);

const timeoutMs = 5_000;
const reasonChars = 200;
const noAnswer = () => new Error(`no answer within ${timeoutMs} ms`);

/** Throws `TypeError` for what is no such module. */
export function asAuthModule(loaded: unknown): AuthModule {
  const parsed = moduleShape.safeParse(loaded);
  if (!parsed.success) throw new TypeError("has no default export with a function authenticate");
  return loaded as AuthModule;
}

/** Asks a module about every request that `isLeft` to it. What it answers is checked as anything from outside. */
export function createModuleMode(module: AuthModule, isLeft: (request: CallerRequest) => boolean): AuthMode {
  return {
    via: "module",
    isBroughtBy: isLeft,
    async authenticate(request) {
      const seen: ModuleRequest = Object.freeze({
        method: request.method,
        path: new URL(request.url).pathname,
        headers: Object.freeze(Object.fromEntries(request.headers)),
      });
      try {
        return read(await inTime(module.authenticate(seen), timeoutMs, noAnswer));
      } catch (cause) {
        return refuse("invalid", "module", "the module failed", cause);
      }
    },
  };
}

function read(answer: unknown): Verdict {
  const parsed = answerShape.safeParse(answer);
  if (!parsed.success) return refuse("invalid", "module", "the module's answer has another shape");
  if ("refused" in parsed.data) {
    const { reason = "refused by the module" } = parsed.data;
    return refuse("invalid", "module", reason.slice(0, reasonChars));
  }
  const { id, ...rest } = parsed.data.principal;
  const principal: Principal = { ...rest, id: `module:${id}`, via: "module" };
  return { principal: Object.freeze(principal) };
}
