/**
 * Requests of a run whose clients may give up or try again: when the next may, which replica has its request, and in the end
 * what it all came to.
 */
import type { Workload } from "../../../formats/index.js";
import type { ImpatientClient } from "../../workload/index.js";
import type { GiveUpSummary } from "../../metrics/index.js";
import type { StepLog } from "../log/index.js";
import type { RequestWork } from "./wasted-work.js";

interface GiveUpParts {
  readonly log: StepLog;
  readonly work: RequestWork;
  readonly retries: Workload["retries"];
  /** How long a chunk is on its way from the front end to the client. */
  readonly deliveryNs: number;
}

export class GiveUps {
  private readonly replicaOf: Int32Array;

  constructor(
    private readonly client: ImpatientClient,
    private readonly run: GiveUpParts,
  ) {
    run.log.countTokens();
    this.replicaOf = new Int32Array(run.log.rows);
  }

  get nextNs(): number {
    return this.client.nextGiveUpNs;
  }

  /** A replica accepted the request. */
  accepted(index: number, replica: number, nowNs: number): void {
    this.replicaOf[index] = replica;
    this.client.waits(index, nowNs);
  }

  /** The request whose client gives up at nextNs, its replica and why; undefined: its client does not wait for more. */
  take(nowNs: number): { readonly index: number; readonly replica: number; readonly reason: string } | undefined {
    const { client, run } = this;
    const { log } = run;
    const index = client.takeGiveUp();
    // An answer that has left the front end is as good as there.
    if (!log.isOpenAt(index, nowNs + this.run.deliveryNs)) return undefined;
    const [sentNs, firstTokenNs] = [log.sentNs[index]!, log.firstTokenNs[index]!];
    const reason = client.reasonAt(index, nowNs, { sentNs, firstTokenNs });
    return reason === undefined ? undefined : { index, replica: this.replicaOf[index]!, reason };
  }

  /** `busyNs`: GPU time of all steps. */
  summary(busyNs: number): GiveUpSummary {
    const { log, work, retries } = this.run;
    let [attempts, answered, beforeToken, promptTokens, outputTokens, gpuNs] = [0, 0, 0, 0, 0, 0];
    for (let row = 0; row < log.rows; row++) {
      if (!Number.isNaN(log.sentNs[row]!)) attempts++;
      if (log.ok[row] === 1) answered++;
      if (!log.abortions.has(row)) continue;
      if (Number.isNaN(log.firstTokenNs[row]!)) beforeToken++;
      promptTokens += work.promptTokens[row]!;
      outputTokens += work.outputTokens[row]!;
      gpuNs += work.gpuNs[row]!;
    }
    const aborted = log.abortions.size;
    const asked = log.rows / ((retries?.most ?? 0) + 1);
    return {
      aborted,
      aborted_before_first_token: beforeToken,
      aborted_in_answer: aborted - beforeToken,
      retried: attempts - asked,
      unanswered: asked - answered,
      wasted_prompt_tokens: promptTokens,
      wasted_output_tokens: outputTokens,
      wasted_gpu_share: busyNs > 0 ? gpuNs / busyNs : 0,
    };
  }
}
