/** Smaller parts of the page: lessons, commands, notes. */
import {
  commandText,
  comparedPolicies,
  presetsOf,
  type ComparedPolicy,
  type PageProfile,
  type Preset,
  type State,
} from "../model/index.js";
import type { Outcome } from "../worker/index.js";
import { byId, element } from "./dom.js";

export function showPresets(page: PageProfile, chosen: (preset: Preset) => void): void {
  const buttons = presetsOf(page).map((preset) => {
    const button = element("button", { type: "button", "data-preset": preset.id }, preset.title);
    button.addEventListener("click", () => {
      chosen(preset);
    });
    return button;
  });
  byId("presets").replaceChildren(...buttons);
}

/** Undefined: no lesson. */
export function showLesson(preset: Preset | undefined): void {
  const place = byId("lesson");
  place.hidden = preset === undefined;
  place.textContent = preset?.lesson ?? "";
  for (const button of byId("presets").children) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-preset") === preset?.id));
  }
}

export function showCommands(page: PageProfile, state: State): void {
  const rows = comparedPolicies.map((policy) => {
    const text = commandText(page, state, policy);
    const code = element("code", { tabindex: 0, role: "region", "aria-label": `Command of ${policy}` }, text);
    const button = element("button", { type: "button", "aria-label": `Copy the command of ${policy}` }, "Copy");
    button.addEventListener("click", () => {
      void copied(text, code).then((said) => {
        button.textContent = said;
      });
    });
    return element("div", { class: "command" }, element("span", { class: `swatch ${policy}` }), code, button);
  });
  byId("commands").replaceChildren(...rows);
}

/** Where a browser does not let pages copy, the text is selected for the reader. */
async function copied(text: string, shown: HTMLElement): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    getSelection()!.selectAllChildren(shown);
    return "Selected";
  }
}

/** Why a policy has no result, and what is to know about the others; what several say is said once. */
export function showRemarks(outcomes: Readonly<Record<ComparedPolicy, Outcome>>): void {
  const errors: HTMLElement[] = [];
  const notes = new Map<string, ComparedPolicy[]>();
  for (const policy of comparedPolicies) {
    const outcome = outcomes[policy];
    if ("error" in outcome) errors.push(element("li", {}, `${policy}: ${outcome.error}`));
    else for (const note of outcome.notes) notes.set(note, [...(notes.get(note) ?? []), policy]);
  }
  byId("errors").replaceChildren(...errors);
  byId("errors").hidden = errors.length === 0;
  byId("notes").replaceChildren(...[...notes].map(([note, who]) => element("li", {}, `${who.join(", ")}: ${note}`)));
}
