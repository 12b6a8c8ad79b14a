/** Flags that say which model runs where, and how its tokens are chosen; the same for calibrate and bench. */
import { z } from "zod";
import { modelFormShape, samplingShape } from "../../formats/index.js";
import { presetNames } from "../../onnx/index.js";

export const modelFlags = {
  model: z
    .string()
    .default("mini")
    .describe(`preset (${presetNames}), or PATH.onnx: a decoder exported with past and present keys and values`),
  device: z.enum(["cpu", "cuda"]).default("cpu").describe("device to run on"),
  ...modelFormShape,
};

export const samplingFlags = samplingShape;
