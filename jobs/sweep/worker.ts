/** A worker thread that simulates cells of a sweep. */
import { serveTasks } from "../threads/index.js";
import { simulateCell } from "./simulate-cell.js";

serveTasks(simulateCell);
