/**
 * A recorded run as a client beside the server would have seen it, where the round trip was measured: a request arrives
 * when it was written to a connection (opening one is not the server's), and every chunk comes a round trip earlier.
 */
import { z } from "zod";
import type { RequestRecord, Run } from "../../formats/index.js";

const networkSchema = z.looseObject({ network: z.looseObject({ round_trip_ms: z.number().nonnegative() }) });

/** Columns that count from `sent_ms`, several times a cell. */
const SINCE_SENT = "chunk_ms";

/** Unchanged where the run does not say how long a round trip took, or it was taken off already. */
export function withoutNetwork(run: Run): Run {
  const told = networkSchema.safeParse(run.info);
  if (!told.success || told.data.network.is_taken_off === true) return run;
  const { network } = told.data;
  const roundTripNs = Math.round(network.round_trip_ms * 1e6);
  return {
    ...run,
    info: { ...run.info, network: { ...network, is_taken_off: true } },
    requests: run.requests.map((request) => besideServer(request, roundTripNs)),
  };
}

function besideServer(request: RequestRecord, roundTripNs: number): RequestRecord {
  const { arrivalNs, sentNs, firstTokenNs, lastTokenNs, extra } = request;
  // Not before the request itself: the round trip varies, and an answer may be short.
  const earlier = (atNs: number): number => Math.max(sentNs ?? arrivalNs, atNs - roundTripNs);
  const chunks = extra?.[SINCE_SENT];
  return {
    ...request,
    arrivalNs: Math.max(arrivalNs, sentNs ?? arrivalNs),
    ...(firstTokenNs === undefined ? {} : { firstTokenNs: earlier(firstTokenNs) }),
    ...(lastTokenNs === undefined ? {} : { lastTokenNs: earlier(lastTokenNs) }),
    ...(chunks === undefined || chunks === ""
      ? {}
      : { extra: { ...extra, [SINCE_SENT]: chunksEarlier(chunks, roundTripNs) } }),
  };
}

function chunksEarlier(chunks: string, roundTripNs: number): string {
  return chunks
    .split(";")
    .map((ms) => String(Math.max(0, Math.round(Number(ms) * 1e6 - roundTripNs)) / 1e6))
    .join(";");
}
