/** A worker thread that simulates replications, one after the other, or finds the capacity of their load. */
import { serveTasks } from "../threads/index.js";
import { runTask } from "./task.js";

serveTasks(runTask);
