/** A trace as the lines of its file: the JSON object form of the Trace Event Format, an event a line. */
import type { Trace } from "./trace-of.js";

export function* traceLines({ events, about }: Trace): Generator<string> {
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[`;
  const last = events.length - 1;
  for (const [place, event] of events.entries()) yield `${JSON.stringify(event)}${place === last ? "" : ","}`;
  yield "]}";
}
