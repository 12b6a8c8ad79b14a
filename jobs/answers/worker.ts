/** A worker thread that does tasks of an answer. */
import { serveTasks } from "../threads/index.js";
import { runTask } from "./search/index.js";

serveTasks(runTask);
