/** The page: what the controls say goes to the simulations, and what they answer is shown. */
import {
  acceptedState,
  areSame,
  changesBetween,
  comparedPolicies,
  hashOf,
  profileOf,
  runOptions,
  shownBy,
  startState,
  withValue,
  type ComparedPolicy,
  type PageData,
  type Preset,
  type State,
} from "../model/index.js";
import type { FromWorker, Outcome, Outcomes, SweepPoint } from "../worker/index.js";
import { BatchView } from "./batch-view.js";
import { Controls } from "./controls.js";
import { byId, element } from "./dom.js";
import { showCommands, showLesson, showPresets } from "./panels.js";
import { drawRates } from "./rate-chart.js";
import { showOutcomes } from "./results.js";
import { Simulations } from "./simulations.js";

type ByPolicy = Readonly<Record<ComparedPolicy, Outcome>>;

/** Time after which a change is in the address, ms: browsers limit how often that may change. */
const ADDRESS_MS = 250;

/** Points of the chart by rate that are drawn together, at first. */
const FIRST_POINTS = 9;

export class Page {
  private state: State;
  private baseline: { readonly state: State; outcomes?: ByPolicy } | undefined;
  private watched: ComparedPolicy = "vllm";
  private latest: Outcomes | undefined;
  private points: SweepPoint[] = [];
  private drawnWidth = 0;
  private addressTimer: number | undefined;
  private readonly controls: Controls;
  private readonly batch = new BatchView();
  private readonly simulations: Simulations;

  constructor(
    private readonly data: PageData,
    program: string,
  ) {
    this.simulations = new Simulations(program, data, (answer) => {
      this.answered(answer);
    });
    this.controls = new Controls(byId("knobs"), (knob, value) => {
      this.change(withValue(this.state, knob, value));
    });
    this.state = startState(0);
    this.makeStatic();
    this.goTo(location.hash);
    addEventListener("hashchange", () => {
      this.goTo(location.hash);
    });
    new ResizeObserver(() => {
      const { clientWidth } = byId("results");
      if (clientWidth === this.drawnWidth) return;
      this.drawnWidth = clientWidth;
      this.draw();
    }).observe(byId("results"));
  }

  private makeStatic(): void {
    const { data } = this;
    const select = byId("profile") as HTMLSelectElement;
    const options = data.profiles.map(({ reference }, at) => element("option", { value: at }, reference));
    select.replaceChildren(...options);
    select.addEventListener("change", () => {
      this.baseline = undefined;
      this.showState(startState(Number(select.value)));
    });
    byId("profile-row").hidden = data.profiles.length === 1;
    byId("made").textContent = `Made by servesim ${data.version}.`;
    byId("reset").addEventListener("click", () => {
      this.baseline = undefined;
      this.showState(startState(this.state.profile));
    });
    byId("pin").addEventListener("click", () => {
      this.pin(this.state);
    });
    byId("unpin").addEventListener("click", () => {
      this.pin(undefined);
    });
    byId("watched").replaceChildren(...comparedPolicies.map((policy) => this.watchButton(policy)));
  }

  private watchButton(policy: ComparedPolicy): HTMLElement {
    const input = element("input", { type: "radio", name: "watched", value: policy, id: `watch-${policy}` });
    input.addEventListener("change", () => {
      this.watched = policy;
      this.simulations.watch(policy);
    });
    const name = element("label", { for: input.id }, element("span", { class: `swatch ${policy}` }), policy);
    return element("span", { class: "radio" }, input, name);
  }

  /** Shows what an address says. */
  private goTo(hash: string): void {
    const { state, baseline } = shownBy(this.data, hash);
    const isShown = this.latest !== undefined && areSame(state, this.state);
    if (isShown && hash.replace(/^#/, "") === this.hash()) return;
    this.baseline = undefined;
    this.showState(state);
    this.pin(baseline);
  }

  /** A state from elsewhere than a control: profile, lesson, reset, address. */
  private showState(state: State, preset?: Preset): void {
    const page = profileOf(this.data, state);
    this.state = state;
    (byId("profile") as HTMLSelectElement).value = String(state.profile);
    const { model, machine } = page.profile;
    byId("profile-text").textContent = `${model.name} on ${machine.gpu ?? machine.cpu?.model ?? "an unnamed machine"}`;
    this.controls.make(page);
    showPresets(page, (chosen) => {
      this.teach(chosen);
    });
    showLesson(preset);
    (byId(`watch-${this.watched}`) as HTMLInputElement).checked = true;
    this.change(state);
  }

  private teach(preset: Preset): void {
    const { profile } = this.state;
    this.watched = preset.watched;
    // The picture of the state comes first, then the baseline's figures.
    this.baseline = undefined;
    this.showState(acceptedState(this.data, profile, preset.after), preset);
    this.pin(acceptedState(this.data, profile, preset.before));
  }

  private change(state: State): void {
    performance.mark("change");
    this.state = state;
    this.points = [];
    this.controls.show(state);
    this.simulations.simulate(state, this.watched);
    byId("batch-panels").classList.add("stale");
    showCommands(profileOf(this.data, state), state);
    this.showChanges();
    this.setAddress();
  }

  private pin(state: State | undefined): void {
    this.baseline = state === undefined ? undefined : { state };
    if (state !== undefined) this.simulations.baseline(state);
    this.showChanges();
    this.setAddress();
    this.draw();
  }

  private showChanges(): void {
    const { baseline, data, state } = this;
    byId("unpin").hidden = baseline === undefined;
    const changes = baseline === undefined ? [] : changesBetween(data, baseline.state, state);
    const same =
      baseline === undefined
        ? "Pin these results to see what a change does."
        : "This is the baseline: change something.";
    byId("changes").textContent = changes.length > 0 ? `Against the baseline: ${changes.join("; ")}.` : same;
  }

  private hash(): string {
    return hashOf(this.data, { state: this.state, baseline: this.baseline?.state });
  }

  private setAddress(): void {
    window.clearTimeout(this.addressTimer);
    this.addressTimer = window.setTimeout(() => {
      history.replaceState(null, "", `#${this.hash()}`);
    }, ADDRESS_MS);
  }

  private answered(answer: FromWorker): void {
    if (answer.kind === "outcomes") this.outcomes(answer);
    else if (answer.kind === "watched") {
      if (answer.policy === this.watched) this.batch.load(answer);
    } else {
      if (answer.kind === "sweep") this.points.push(answer);
      this.drawSweep();
    }
  }

  private outcomes(answer: Outcomes): void {
    if (answer.stage === "baseline") {
      if (this.baseline !== undefined) this.baseline.outcomes = answer.of;
      this.draw();
      return;
    }
    this.latest = answer;
    this.draw();
    // How long it took is in the browser's own record (User Timing).
    if (performance.getEntriesByName("change").length > 0) {
      performance.measure(answer.stage === "coarse" ? "first picture" : "exact picture", "change");
    }
  }

  private draw(): void {
    if (this.latest === undefined) return;
    showOutcomes(this.latest, this.baseline?.outcomes);
    this.drawSweep();
  }

  private drawSweep(): void {
    // The one before stays, pale, until there are a few points.
    const isNew = this.points.length >= FIRST_POINTS;
    byId("rate-chart").classList.toggle("stale", !isNew);
    if (!isNew) return;
    const { load } = runOptions(profileOf(this.data, this.state), this.state, "vllm");
    drawRates(byId("rate-chart"), this.points, Number(load.request_rate));
  }
}
