/** Which model: the shape of a decoder, and the form in which its graphs are written. */
export {
  kvBytesPerToken,
  parseModelSpec,
  precisionBytes,
  type ModelForm,
  type ModelSpec,
  type Precision,
} from "./model-spec.js";
export {
  foldTokenId,
  headWidth,
  isPresetName,
  kvHeads,
  modelPresets,
  presetNames,
  tokenizerVocab,
  type LlamaShape,
  type ModelShape,
  type PresetName,
} from "./shape.js";
