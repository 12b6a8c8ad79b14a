/**
 * The tasks of a job and what came of them: replications in order, up to the first number of them that is enough, which is
 * the same whichever came first, and the capacity of the load where it is wanted.
 */
import type { Capacity, NoCapacity } from "../../sim/index.js";
import type { LaneResult, LaneTask, ReplicationResult, ReplicationTask } from "./task.js";

export interface TaskListOptions {
  /** The first of them is done elsewhere, and its result taken here. */
  readonly replications: readonly ReplicationTask[];
  readonly isEnough: (results: readonly ReplicationResult[]) => boolean;
  /** Whether the capacity is wanted, and then whether it is the first task or the last: it takes longer than a replication. */
  readonly capacity: "first" | "last" | undefined;
  readonly onProgress: (done: number, atMost: number) => void;
}

export class TaskList {
  /** When nothing is left to come. */
  readonly ended: Promise<void>;
  capacity: Capacity | NoCapacity | undefined;
  private end!: () => void;
  private readonly all: (ReplicationResult | undefined)[] = [];
  /** The first so many are known, and maybe enough. */
  private whole = 0;
  private areEnough = false;
  private next = 1;
  private isCapacityLeft: boolean;

  constructor(private readonly options: TaskListOptions) {
    this.isCapacityLeft = options.capacity !== undefined;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get results(): readonly ReplicationResult[] {
    return this.all.slice(0, this.whole) as ReplicationResult[];
  }

  /** The next task, for whoever is free; undefined: there is none. */
  take(): LaneTask | undefined {
    const { replications, capacity } = this.options;
    const replication = this.areEnough ? undefined : replications[this.next];
    if (this.isCapacityLeft && (capacity === "first" || replication === undefined)) {
      this.isCapacityLeft = false;
      return "capacity";
    }
    this.next++;
    return replication;
  }

  done(result: LaneResult): void {
    const { replications, isEnough, capacity, onProgress } = this.options;
    if ("capacity" in result) this.capacity = result.capacity;
    else this.all[result.replication.index] = result.replication;
    while (!this.areEnough && this.all[this.whole] !== undefined) {
      this.whole++;
      onProgress(this.whole, replications.length);
      this.areEnough = this.whole === replications.length || isEnough(this.results);
    }
    if (this.areEnough && (capacity === undefined || this.capacity !== undefined)) this.end();
  }

  /** Nobody is to begin with another task. */
  stop(): void {
    this.areEnough = true;
    this.isCapacityLeft = false;
  }
}
