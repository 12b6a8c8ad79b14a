/**
 * The constants of both fits, to client times and to step logs, and how to halve or double one. The first of those of client
 * times only has the search draw other random numbers: what then changes is chance, and so is as much in the other rows.
 */
import type { BlackBoxConstants, StepLogConstants } from "../../calibrate/vllm/index.js";

export interface Constant<Constants> {
  readonly name: string;
  readonly times: (of: Constants, factor: number) => Constants;
}

type Parts = BlackBoxConstants["parts"];
type Search = BlackBoxConstants["search"];

const part = (name: string, times: (parts: Parts, factor: number) => Partial<Parts>): Constant<BlackBoxConstants> => ({
  name,
  times: (of, factor) => ({ ...of, parts: { ...of.parts, ...times(of.parts, factor) } }),
});
const search = (
  name: string,
  times: (search: Search, factor: number) => Partial<Search>,
): Constant<BlackBoxConstants> => ({
  name,
  times: (of, factor) => ({ ...of, search: { ...of.search, ...times(of.search, factor) } }),
});

export const ofClientTimes: readonly Constant<BlackBoxConstants>[] = [
  search("none: population of 19, 21", (_, by) => ({ population: by > 1 ? 21 : 19 })),
  part("leads", ({ leads: { full, piecewise, none } }, by) => ({
    leads: { full: Math.min(1, by * full), piecewise: Math.min(1, by * piecewise), none: Math.min(1, by * none) },
  })),
  part("launchTail.share", ({ launchTail }, by) => ({ launchTail: { ...launchTail, share: by * launchTail.share } })),
  part("launchTail.most", ({ launchTail }, by) => ({ launchTail: { ...launchTail, most: by * launchTail.most } })),
  part("writtenShare", ({ writtenShare }, by) => ({ writtenShare: Math.min(1, by * writtenShare) })),
  part("updateShare", ({ updateShare }, by) => ({ updateShare: by * updateShare })),
  part("hopShare, hopGapShare", ({ hopShare, hopGapShare }, by) => ({ hopShare: by * hopShare, hopGapShare: by * hopGapShare })), // prettier-ignore
  part("requestHops", ({ requestHops }, by) => ({ requestHops: Math.round(by * requestHops) })),
  part("copyNs, sendNs", ({ copyNs, sendNs }, by) => ({ copyNs: by * copyNs, sendNs: by * sendNs })),
  part("hostStates.share", ({ hostStates }, by) => ({
    hostStates: hostStates.map((state) => ({ ...state, share: Math.min(by, 1 / 0.7) * state.share })),
  })),
  search("pulls", ({ pulls }, by) => ({
    pulls: {
      measured: by * pulls.measured,
      measuredSlope: by * pulls.measuredSlope,
      scaled: by * pulls.scaled,
      guessed: by * pulls.guessed,
      pace: by * pulls.pace,
    },
  })),
  search("sizes", ({ sizes }, by) => ({ sizes: { measured: by * sizes.measured, guessed: by * sizes.guessed } })),
  search("population", ({ population }, by) => ({ population: Math.round(by * population) })),
  search("pairedWeight", ({ pairedWeight }, by) => ({ pairedWeight: by * pairedWeight })),
  search("chaos", ({ chaos }, by) => ({ chaos: by * chaos })),
];

const names: readonly (keyof StepLogConstants)[] = ["doubt", "capMs", "pairedWeight"];

export const ofStepLogs: readonly Constant<StepLogConstants>[] = names.map((name) => ({
  name,
  times: (of, factor) => ({ ...of, [name]: factor * of[name] }),
}));
