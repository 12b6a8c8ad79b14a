/** A worker thread that simulates replicas, one after the other. */
import { buffersOf } from "../../sim/index.js";
import { serveTasks } from "../threads/index.js";
import { runReplica } from "./task.js";

serveTasks(runReplica, buffersOf);
