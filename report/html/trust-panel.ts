/** "Can you trust this?": each check with a sign, its name and what it found. */
import { escaped, prose } from "./escape.js";
import type { TrustCheck, TrustState } from "./report-input.js";

const signs: Readonly<Record<TrustState, readonly [sign: string, words: string]>> = {
  fine: ["✓", "fine"],
  look: ["!", "worth a look"],
  unknown: ["?", "not known"],
};

/** Those worth a look first. */
const order: readonly TrustState[] = ["look", "unknown", "fine"];

export function trustPanel(checks: readonly TrustCheck[]): string {
  const counts = order.flatMap((state) => {
    const count = checks.filter((check) => check.state === state).length;
    return count === 0 ? [] : [`${count} ${signs[state][1]}`];
  });
  const sorted = order.flatMap((state) => checks.filter((check) => check.state === state));
  return `<p>${checks.length} checks: ${counts.join(", ")}.</p>
<ul class="checks">
${sorted.map(item).join("\n")}
</ul>`;
}

function item({ name, state, text }: TrustCheck): string {
  const [sign, words] = signs[state];
  return `<li class="${state}"><p class="check-name"><span class="sign" aria-hidden="true">${sign}</span> <span>${escaped(name)}</span> <span class="state">${words}</span></p><p>${prose(text)}</p></li>`;
}
