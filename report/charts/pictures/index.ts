/** Pictures of answers, sweeps and traces. */
export { answerPicture, type AnswerPicture } from "./answer-picture.js";
export { differencePicture, relativeDifferences, type DifferencePicture } from "./difference-picture.js";
export { linesPicture, type LinesPicture } from "./lines-picture.js";
export { partsPicture, type PartsPicture } from "./parts-picture.js";
export { replicasPicture, type ReplicasPicture } from "./replicas-picture.js";
export { sweepPicture, type SweepPicture } from "./sweep-picture.js";
export { tracePicture } from "./trace-picture.js";
export { tunePicture, type TunePicture } from "./tune-picture.js";
