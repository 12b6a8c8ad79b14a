export { ParallelServer } from "./parallel-server.js";
