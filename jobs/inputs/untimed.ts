/** Requests without times, to be sent at a load's rate: read once, gone through as often as it takes. */
import type { Load, WorkloadRequest } from "../../formats/index.js";
import { workloadOf } from "./workload-of.js";

/** The lengths of the prompts of a load. `prompts`: a file of them; absent: the shipped ones. */
export async function promptLengths(load: Load, prompts: string | undefined): Promise<WorkloadRequest[]> {
  const { requests } = await workloadOf({ ...load, num_prompts: undefined }, prompts, "1");
  return requests.map(({ id, promptTokens, outputTokens }) => ({ id, promptTokens, outputTokens }));
}

/** So many of the requests, from the first on, again where they are fewer. */
export function goneThrough(requests: readonly WorkloadRequest[], count: number): WorkloadRequest[] {
  return Array.from({ length: count }, (_, index) => ({ ...requests[index % requests.length]!, id: String(index) }));
}
