/**
 * What a whole run shares: the pace of its host, drawn once a run (`run_spread` in a profile's jitter). Replicas are servers
 * of their own, each with its own host.
 */
import { normal, stream } from "../../kernel/index.js";

/** Name of the streams of one replica's times. */
export function replicaStream(seed: string, replica: number): string {
  return `${seed}/${replica}/jitter`;
}

/** Of a data parallel rank of the replica whose stream this is; the first has it to itself. */
export function rankStream(replica: string, rank: number): string {
  return rank === 0 ? replica : `${replica}/rank-${rank}`;
}

/** The normal score of the host's pace in the run of that stream name: above 0 it is slower than on the mean. */
export function runPaceScore(runStream: string): number {
  return normal(stream(`${runStream}/run`));
}

/** Mean score of the replicas of a run with that `runSeed`. */
export function meanRunPaceScore(runSeed: string, replicas: number): number {
  let sum = 0;
  for (let replica = 0; replica < replicas; replica++) sum += runPaceScore(replicaStream(runSeed, replica));
  return sum / replicas;
}
