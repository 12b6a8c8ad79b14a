/** What every chart is drawn with: figures and panels, axes, marks, legends, colours, text. */
export * from "./axis.js";
export { chartWidthPx, drawBaseLine, drawBottomLabel, drawTicks, leftRoomPx } from "./draw-axes.js";
export { figureSvg, type Figure, type Panel } from "./figure.js";
export { areaFill } from "./hatch.js";
export * from "./legend.js";
export * from "./marks.js";
export * from "./palette.js";
export { standsFor, type Plot } from "./plot.js";
export { gridLine, label, mark, paper, paperLine, pathOf, px, softInk, whiskerLine } from "./svg.js";
export type { Attributes, Mark, Point } from "./svg.js";
export { byName, figureText, numberText, rangeText, shortened, shortNames, textWidthPx, xmlSafe } from "./text.js";
