/** One simulated run on several threads: its replicas apart, each simulated by itself. */
export { simulateReplicas, threadsForReplicas, type ReplicasOptions } from "./simulate-replicas.js";
