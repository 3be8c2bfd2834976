import type { IamCaller } from "../../auth/mode.ts";

/** Who signed which request. Kept beside the request, where nothing that a caller writes can get. */
export class GatewayCallers {
  readonly #callers = new WeakMap<Request, IamCaller>();

  /** Remembers whom the gateway's event named. */
  cameFrom(request: Request, caller: IamCaller): void {
    this.#callers.set(request, caller);
  }

  readonly of = (request: Request): IamCaller | undefined => this.#callers.get(request);
}
