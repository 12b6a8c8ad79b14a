/** A worker thread that simulates days of scenarios. */
import { serveTasks } from "../threads/index.js";
import { dayOf } from "./days.js";

serveTasks(dayOf);
