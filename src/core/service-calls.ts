import { AsyncLocalStorage } from "node:async_hooks";
import type { Call } from "./steps.ts";

/** One request to a service outside, each attempt for itself. Never its URL, headers or body. */
export interface ServiceCall {
  /** As the AWS SDK names it, in small letters: `s3`, `glue`, `cloudwatchlogs`; or `databricks`. */
  service: string;
  /** As AWS names it, such as `GetObject`. */
  operation: string;
  /** The service's own, where it answered: AWS CloudTrail has the same. */
  requestId?: string;
  /** HTTP status of an answer that says no. */
  status?: number;
  /** What went wrong, by its name. Left out with `requestId`, nothing is known of an answer. */
  fault?: string;
}

/** A request id, or the name of a fault, as a service gave it: undefined for what is none, which could hold anything. */
export function plainName(given: unknown): string | undefined {
  return typeof given === "string" && /^[\w.:;,@#$+/=-]{1,128}$/.test(given) ? given : undefined;
}

/** What one tool call asked services, bounded: the first calls, and after them the first of each operation. */
export interface ServiceCalls {
  /** URIs of catalogs' tables that were held against what its caller may read, allowed or not. */
  readonly tables: ReadonlySet<string>;
  readonly calls: readonly ServiceCall[];
  readonly count: number;
  /** Bytes of the answers, by what their headers say. */
  readonly bytesRead: number;
}

const maxListed = 50;
/** However many operations there are. */
const maxAll = 100;
const maxTables = 100;

/** Takes down service calls. */
export class ServiceCallLedger implements ServiceCalls {
  readonly tables = new Set<string>();
  readonly calls: ServiceCall[] = [];
  count = 0;
  bytesRead = 0;

  /** The entry of a request that is about to be sent, for its answer to be added to. */
  begin(service: string, operation: string): ServiceCall {
    const call: ServiceCall = { service, operation };
    this.count++;
    const isNew = () => !this.calls.some((one) => one.service === service && one.operation === operation);
    if (this.calls.length < maxListed || (this.calls.length < maxAll && isNew())) this.calls.push(call);
    return call;
  }
}

/** Is told of each request while it is on its way. What it throws breaks the request: it must not. */
export interface ServiceCallObserver {
  /** Answers with what is told the end, when all that is known of the request stands in `call`. */
  began(call: Readonly<ServiceCall>): () => void;
}

/** A call under way, and who is told what it asks services. */
interface UnderWay {
  call?: Call;
  ledger?: ServiceCallLedger;
  observer?: ServiceCallObserver;
}

/** The slot through which whatever works for a call knows it. It holds nothing outside of a call. */
const current = new AsyncLocalStorage<UnderWay>();

/** Runs the work of `call`, to be known by it wherever in it. */
export function runAs<T>(call: Call, work: () => Promise<T>): Promise<T> {
  return current.run({ ...current.getStore(), call }, work);
}

/** The call that what runs here works for. */
export function callUnderWay(): Call | undefined {
  return current.getStore()?.call;
}

/** Runs work whose service calls are taken down in `ledger`, wherever in it they are made. */
export function takeDownServiceCalls<T>(ledger: ServiceCallLedger, work: () => Promise<T>): Promise<T> {
  return current.run({ ...current.getStore(), ledger }, work);
}

/** Runs work whose service calls `observer` is told of, wherever in it they are made. */
export function observeServiceCalls<T>(observer: ServiceCallObserver, work: () => Promise<T>): Promise<T> {
  return current.run({ ...current.getStore(), observer }, work);
}

/** Names a table for the record of the call under way here: its arguments need not show that it is one. */
export function takeDownTable(uri: string): void {
  const tables = current.getStore()?.ledger?.tables;
  if (tables && tables.size < maxTables) tables.add(uri);
}

/** A request that is about to be sent. */
interface ServiceRequest {
  /** For its answer to be added to. */
  call: ServiceCall;
  /** Bytes of the answer. */
  read(sizeBytes: number): void;
  ended(): void;
}

/** None where nobody watches the call that is under way here. */
export function beginServiceCall(service: string, operation: string): ServiceRequest | undefined {
  const { ledger, observer } = current.getStore() ?? {};
  if (!ledger && !observer) return undefined;
  const call = ledger?.begin(service, operation) ?? { service, operation };
  const ended = observer?.began(call);
  return {
    call,
    read(sizeBytes) {
      if (ledger) ledger.bytesRead += sizeBytes;
    },
    ended: () => ended?.(),
  };
}

/** A function that works for the call in which it was made, whoever runs it later: the messages of a worker do. */
export function forThisCall<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R {
  const underWay = current.getStore();
  return underWay ? (...args) => current.run(underWay, work, ...args) : work;
}
