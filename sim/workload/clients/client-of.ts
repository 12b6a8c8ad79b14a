import type { Workload } from "../../../formats/index.js";
import { Client, type RequestClient } from "./client.js";
import { SessionClient } from "./session-client.js";

/** Who sends the workload's requests. */
export function clientOf(workload: Workload): RequestClient {
  return workload.sessions === undefined ? new Client(workload) : new SessionClient(workload);
}
