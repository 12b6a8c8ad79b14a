/**
 * Where answers end: lengths drawn again from recorded ones, and the limits of a request (vLLM's min_tokens and max_tokens).
 * A server knows the limit when the request comes, and where the answer ends (EOS, a stop token) only when it is there.
 */
import { ConfigError, InvariantError, withFields, type Load, type Workload } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";

/**
 * The workload with such answers; the same where the load says nothing of them. `recorded`: output tokens to draw from, with
 * replacement, of a load with output_len_from. Answers that would end below the least go on up to it.
 */
export function withAnswerEnds(workload: Workload, load: Load, seed: string, recorded?: readonly number[]): Workload {
  const { output_len_from: from, output_min_tokens: least = 1, output_max_tokens: most = Infinity } = load;
  if (from === undefined && least === 1 && most === Infinity) return workload;
  if (workload.sessions !== undefined) {
    throw new ConfigError(
      "the workload is one of sessions, whose answers have their lengths; leave out output_len_from, output_min_tokens and " +
        "output_max_tokens",
    );
  }
  const draw = from === undefined ? undefined : drawFrom(recorded, seed);
  const requests = workload.requests.map((request) => {
    const wanted = draw?.() ?? request.outputTokens;
    return withFields(request, { outputTokens: Math.min(most, Math.max(least, wanted)), maxTokens: most });
  });
  return { ...workload, requests };
}

function drawFrom(recorded: readonly number[] | undefined, seed: string): () => number {
  if (recorded === undefined || recorded.length === 0) throw new InvariantError("output_len_from was not read");
  const random = stream(`${seed}/0/answer-ends`);
  return () => recorded[Math.floor(random() * recorded.length)]!;
}
