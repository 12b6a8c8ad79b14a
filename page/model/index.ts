/** What the page shows and asks for, without a browser: controls, state, address, command. */
export type { Defaults, PageData, PageProfile } from "./page-data.js";
export {
  knobGroups,
  positionOf,
  SLIDER_STEPS,
  valueAt,
  accepted,
  type ChoiceKnob,
  type Knob,
  type KnobGroup,
  type KnobValue,
  type NumberKnob,
  type SwitchKnob,
} from "./knob.js";
export { knobsOf } from "./knobs.js";
export {
  areSame,
  changesBetween,
  profileOf,
  startState,
  valueOf,
  withValue,
  acceptedState,
  type State,
} from "./state.js";
export { hashOf, shownBy, type Shown } from "./hash.js";
export { comparedPolicies, runOptions, sweepRates, type ComparedPolicy, type RunOptions } from "./run-options.js";
export { commandText, commandWords } from "./command.js";
export { presetsOf, type Preset } from "./presets.js";
