/** Measuring a running vLLM server for a calibration. */
export { measureServer, type MeasuredServer } from "./measure-server.js";
