/** Real runs of an experiment's cells: on this machine, and on a vLLM server. */
export { measureCells, realTasks } from "./measure-cells.js";
export { askServer, measureOnServer } from "./measure-on-server.js";
