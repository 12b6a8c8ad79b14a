/** A worker thread that simulates replications, one after the other. */
import { serveTasks } from "../threads/index.js";
import { runReplication, type ReplicationBase, type ReplicationTask } from "./task.js";

serveTasks((base: ReplicationBase, task: ReplicationTask) => runReplication(base, task).result);
