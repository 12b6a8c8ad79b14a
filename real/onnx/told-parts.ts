/** What a driven run has told of by rows of numbers in shared memory, as records. */
import type { ScheduledStepRecord, Workload, WorkloadRequest } from "../../formats/index.js";
import { withAttempts } from "../../sim/index.js";
import { requestOfRow, type EndedRequest } from "../request-rows.js";
import { stepOfRow } from "../step-rows.js";
import { SharedRows } from "./shared-rows.js";
import type { DriveCommand, DrivenPart } from "./step-protocol.js";

export class ToldParts {
  private readonly steps = new SharedRows();
  private readonly ended = new SharedRows();

  private readonly requests: readonly WorkloadRequest[];

  constructor(workload: Workload) {
    this.requests = withAttempts(workload);
  }

  /** For the thread that tells. */
  get memory(): Pick<DriveCommand, "steps" | "ended"> {
    return { steps: this.steps.memory, ended: this.ended.memory };
  }

  /** What was told since it was asked last; undefined where nothing was, not even that the thread lives. */
  take(): DrivenPart | undefined {
    const { requests } = this;
    const steps: ScheduledStepRecord[] = [];
    const ended: EndedRequest[] = [];
    const countOfSteps = this.steps.read((row) => steps.push(stepOfRow(row, requests)));
    const countOfEnded = this.ended.read((row) => {
      if (row.length > 0) ended.push(requestOfRow(row, requests));
    });
    return countOfSteps + countOfEnded > 0 ? { steps, ended } : undefined;
  }
}
