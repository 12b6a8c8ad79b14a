/** A sweep whose machines share its cells through a Valkey or Redis server. */
export { queueAddress } from "./queue-address.js";
export { collectRows, queueStatus, type AskQueueOptions } from "./queue-collect.js";
export { runQueue, type RunQueueOptions } from "./run-queue.js";
