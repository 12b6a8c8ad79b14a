/** Figures and verdicts as the page shows them. */
import type { Verdict } from "../compare/index.js";
import { escaped } from "./escape.js";
import type { OutcomeRow } from "./report-input.js";

/** Said in words and with a sign; colour only repeats it. */
export function verdictCell({ verdict, verdictText }: Pick<OutcomeRow, "verdict" | "verdictText">): string {
  if (verdict === undefined) return `<span class="open">– no verdict</span>`;
  const more = (verdictText ?? "").replace(verdict, "").replace(/^,/, "");
  const rest = more.trim() === "" ? "" : ` <span class="unit">${escaped(more.trim())}</span>`;
  return `<span class="${verdict.replace(" ", "-")}"><span aria-hidden="true">${signs[verdict]}</span>\u00a0${verdict.replace(" ", "\u00a0")}</span>${rest}`;
}

const signs: Readonly<Record<Verdict, string>> = { agrees: "✓", differs: "✗", "cannot tell": "?" };

/** Four significant digits, so that a column lines up, thousands separated; no exponent where people can do without. */
export function valueText(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return minus(value.toExponential(3));
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)));
  return minus(value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

/** Signed, one decimal: `+3.2`, `−0.4`. */
export function percentText(percent: number): string {
  const rounded = Math.round(percent * 10) / 10;
  const text = Math.abs(rounded).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  if (rounded === 0) return "0.0";
  return `${rounded > 0 ? "+" : "−"}${text}`;
}

function minus(text: string): string {
  return text.replace("-", "−");
}
