/** The numerical methods of all fits: least squares, searches for a minimum, distributions of times. */
export { evolve } from "./evolution.js";
export { gaussNewton, informationOf, logsOf, slopesAt, type Miss } from "./gauss-newton.js";
export { cholesky, dot, loadLinearSolver, withDiagonal, type LinearSolver } from "./linear-algebra.js";
export { logNormalVariation, normalQuantile, type HeavyTail } from "./log-normal.js";
export { monotone } from "./monotone.js";
export { nelderMead } from "./nelder-mead.js";
export { nnls, normalEquations, solveNnls, type NormalEquations } from "./nnls.js";
export { censoredQuantiles, type Sighting } from "./censored-quantiles.js";
export { countBelow, grouped } from "./grouped.js";
export { growthOf, rounded, significantGrowth, variationOf, weightedQuantiles, type Growth } from "./spread.js";
