/** One simulated run on several threads: its replicas apart, each simulated by itself. */
export { simulateReplicas, type ReplicasOptions } from "./simulate-replicas.js";
