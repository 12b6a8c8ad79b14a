/** The controls: for each number a field and a slider that say the same, choices, switches; in groups that fold. */
import {
  accepted,
  knobGroups,
  knobsOf,
  positionOf,
  SLIDER_STEPS,
  valueAt,
  valueOf,
  type ChoiceKnob,
  type Knob,
  type KnobGroup,
  type KnobValue,
  type NumberKnob,
  type PageProfile,
  type State,
  type SwitchKnob,
} from "../model/index.js";
import { element } from "./dom.js";

const groupNames: Readonly<Record<KnobGroup, string>> = {
  load: "Load, the same for all",
  naive: "naive",
  dynamic: "dynamic",
  vllm: "vllm",
};

/** A control on the page. */
interface Shown {
  readonly knob: Knob;
  readonly row: HTMLElement;
  readonly show: (value: KnobValue) => void;
}

export class Controls {
  private shown: readonly Shown[] = [];

  /** `changed` is told each value as it is chosen. */
  constructor(
    private readonly host: HTMLElement,
    private readonly changed: (knob: Knob, value: KnobValue) => void,
  ) {}

  /** Makes the controls of a profile. */
  make(profile: PageProfile): void {
    const knobs = knobsOf(profile);
    this.shown = knobs.map((knob) => this.control(knob));
    const groups = knobGroups.map((group) => {
      const rows = this.shown.filter(({ knob }) => knob.group === group).map(({ row }) => row);
      const name = element("summary", {}, element("span", { class: `swatch ${group}` }), groupNames[group]);
      return element("details", { class: "group", open: group === "load" || wide() }, name, ...rows);
    });
    this.host.replaceChildren(...groups);
  }

  show(state: State): void {
    for (const { knob, row, show } of this.shown) {
      const value = valueOf(state, knob);
      show(value);
      row.classList.toggle("changed", value !== knob.start);
      if (knob.id === "prefix_len") row.hidden = state.changed.lengths === "long";
    }
  }

  private control(knob: Knob): Shown {
    if (knob.kind === "number") return this.numberControl(knob);
    return knob.kind === "choice" ? this.choiceControl(knob) : this.switchControl(knob);
  }

  private numberControl(knob: NumberKnob): Shown {
    const { least, most, isWhole, label, unit = "" } = knob;
    const id = `knob-${knob.id}`;
    const field = element("input", { id, type: "number", min: least, max: most, step: isWhole ? 1 : "any" });
    const slider = element("input", { type: "range", min: 0, max: SLIDER_STEPS, "aria-label": `${label}, slider` });
    const show = (value: KnobValue): void => {
      if (document.activeElement !== field || Number(field.value) !== value) field.value = String(value);
      // Several places of a slider may mean one value: it stays where it was moved to.
      if (valueAt(knob, Number(slider.value)) !== value) slider.value = String(positionOf(knob, Number(value)));
      slider.setAttribute("aria-valuetext", `${String(value)} ${unit}`.trim());
    };
    slider.addEventListener("input", () => {
      this.changed(knob, valueAt(knob, Number(slider.value)));
    });
    field.addEventListener("input", () => {
      const value = accepted(knob, field.value === "" ? undefined : Number(field.value));
      field.setAttribute("aria-invalid", String(value === undefined));
      if (value !== undefined) this.changed(knob, value);
    });
    const name = element("label", { for: id }, label, ...(unit === "" ? [] : [" ", element("small", {}, unit)]));
    return { knob, show, row: rowOf(knob, name, field, slider) };
  }

  private choiceControl(knob: ChoiceKnob): Shown {
    const id = `knob-${knob.id}`;
    const options = knob.options.map(([value, text]) => element("option", { value }, text));
    const select = element("select", { id }, ...options);
    select.addEventListener("change", () => {
      this.changed(knob, select.value);
    });
    const show = (value: KnobValue): void => {
      select.value = String(value);
    };
    return { knob, show, row: rowOf(knob, element("label", { for: id }, knob.label), select) };
  }

  private switchControl(knob: SwitchKnob): Shown {
    const id = `knob-${knob.id}`;
    const box = element("input", { id, type: "checkbox" });
    box.addEventListener("change", () => {
      this.changed(knob, box.checked);
    });
    const show = (value: KnobValue): void => {
      box.checked = value === true;
    };
    return { knob, show, row: rowOf(knob, element("label", { for: id }, knob.label), box) };
  }
}

function rowOf(knob: Knob, ...content: readonly HTMLElement[]): HTMLElement {
  return element("div", { class: `knob ${knob.kind}`, title: knob.help }, ...content);
}

const wide = (): boolean => matchMedia("(min-width: 60rem)").matches;
