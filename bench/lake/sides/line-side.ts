import type { ChildProcess } from "node:child_process";
import { type Children, jsonExchange } from "../../children.ts";
import type { Question } from "../question.ts";
import { type Side, type SideRequest, sideAnswerShape } from "./side.ts";

/** The side of a program that answers lines of JSON, once it is ready and has answered a first small question. */
export async function startLineSide(
  children: Children,
  child: ChildProcess,
  sqlOf: (question: Question) => string,
): Promise<Side> {
  const exchange = jsonExchange(child);
  await exchange.next();
  const send = (request: SideRequest) => exchange.ask(request);
  await send({ op: "ask", dataset: "hello", take: "take-hello", sql: sqlOf(hello) });
  return {
    pid: child.pid ?? 0,
    ask: async (question, { dataset, take }) =>
      sideAnswerShape.parse(
        await send({
          op: "ask",
          dataset,
          take,
          sql: sqlOf(question),
          ...(question.ignored ? { ignored: question.ignored.source } : {}),
        }),
      ),
    forget: async (take) => void (await send({ op: "forget", take })),
    stop: () => children.stop(child),
  };
}

/** Loads whatever is loaded at the first question. */
const hello: Question = {
  name: "hello",
  datasets: [],
  tool: "",
  arguments: () => ({}),
  sql: "SELECT sum(l_quantity) FROM {table}",
  polarsSql: "SELECT SUM(CAST(l_quantity AS DOUBLE)) AS q FROM t",
};
