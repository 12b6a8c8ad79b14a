/** Whole batches of a calibration, modelled and measured, as the scene of fit-panels.ts. Shapes that the fit has not seen are squares. */
import { logAxis, policyLooks, scaledUnit } from "../drawing/index.js";
import { closeness, type FitKind, type FitPoint, type FitScene } from "./fit-panels.js";

/** A shape's batch time as measured (median of its repeats) and as modelled. */
export interface ResidualPoint {
  readonly batchSize: number;
  readonly promptTokens: number;
  readonly decodeSteps: number;
  readonly realNs: number;
  readonly modelNs: number;
  /** Kept out of the fit; absent: it is not known of which shapes. */
  readonly heldOut?: boolean;
}

/** Colours and markers of the palette; no policies here. */
const looks = policyLooks(["naive", "dynamic"]);
const seen: FitKind = { name: "in the fit", look: looks.get("naive")!, isHollow: false };
const unseen: FitKind = { name: "held out of the fit", look: looks.get("dynamic")!, isHollow: true };
const either: FitKind = { ...seen, name: "measured shapes" };

export function batchFit(points: readonly ResidualPoint[]): { readonly scene: FitScene; readonly words: string[] } {
  const sizes = [...new Set(points.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
  const isKnown = points.every(({ heldOut }) => heldOut !== undefined);
  const all = points.map((point) => pointOf(point, isKnown));
  const of = (kind: FitKind): FitPoint[] => all.filter((point) => point.kind === kind.name);
  const scene = {
    points: all,
    kinds: isKnown ? [seen, unseen] : [either],
    made: "modelled",
    by: {
      heading: "Error by batch size",
      axis: logAxis(sizes[0]!, sizes.at(-1)!, "batch size", scaledUnit("rows", 1)),
    },
  };
  if (!isKnown) return { scene, words: [closeness("measured shapes", all)] };
  return { scene, words: [closeness("shapes of the fit", of(seen)), closeness("held out", of(unseen))] };
}

function pointOf(point: ResidualPoint, isKnown: boolean): FitPoint {
  const { batchSize, promptTokens, decodeSteps, realNs, modelNs, heldOut } = point;
  return {
    kind: (isKnown ? (heldOut === true ? unseen : seen) : either).name,
    measuredNs: realNs,
    modelledNs: modelNs,
    by: batchSize,
    text: `${batchSize} rows of ${promptTokens} tokens, ${decodeSteps} decode steps${isKnown && heldOut === true ? ", held out" : ""}`,
  };
}
