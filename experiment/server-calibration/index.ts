/** Measuring a running vLLM server for a calibration. */
export { measureServer, type MeasuredServer, type MeasureServerInput } from "./measure-server.js";
