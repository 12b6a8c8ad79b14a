/** A worker thread that does tasks of an answer. */
import { serveTasks } from "../threads/index.js";
import { runTask } from "./tasks.js";

serveTasks(runTask);
