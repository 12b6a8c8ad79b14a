/** Pictures of profiles and calibrations. */
export type { ResidualPoint } from "./batch-fit.js";
export type { MeasuredMemory, MemoryLine, MemoryScene } from "./memory-panels.js";
export { profilePicture, residualPicture, type ProfilePicture } from "./profile-picture.js";
export type { HeldOutStatistic } from "./run-fit.js";
