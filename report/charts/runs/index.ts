/** Charts of runs over time. */
export type { BatchScene } from "./dynamic-batches.js";
export { runPictures, type RunPictures } from "./run-pictures.js";
export type { RunScene } from "./run-scene.js";
export { seedsPicture, type SeedRow, type SeedsPicture } from "./seeds.js";
