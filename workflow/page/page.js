// The list of claims, recorded runs of EM, and the numbers of the sweeps' points. All text is readable without a script.

const NS = "http://www.w3.org/2000/svg";
const SIZE = 440,
  LEFT = 68,
  RIGHT = 10,
  TOP = 10,
  BOTTOM = 42; // of the pictures, in CSS pixels
const PAUSE = 500; // milliseconds between steps
const SHAPES = [
  "M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0Z",
  "M-2.3-2.3H2.3V2.3H-2.3Z",
  "M0-3.2L3 2.2H-3Z",
  "M0-3.2L3.2 0L0 3.2L-3.2 0Z",
]; // circle, square, triangle, diamond
const DASHES = ["", "7 4", "2 3", "8 3 2 3"];
const $ = (id) => document.getElementById(id);

function draw(parent, name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function floats(text) {
  return new Float64Array(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
}

function written(value, digits = 3) {
  return String(Number(value.toPrecision(digits))).replace("-", "\u2212");
}

// A scale from numbers to pixels, with round numbers as ticks.
function scale(low, high, begin, end, logarithmic = false) {
  const of = logarithmic ? Math.log10 : (value) => value;
  const room = 0.03 * (of(high) - of(low)) || 0.5;
  const bottom = of(low) - room,
    perUnit = (end - begin) / (of(high) - of(low) + 2 * room);
  const place = (value) => begin + (of(value) - bottom) * perUnit,
    back = (pixel) => bottom + (pixel - begin) / perUnit,
    span = high - low;
  if (logarithmic) {
    const decades = Array.from({ length: 9 }, (_, i) => 10 ** i).filter((tick) => tick >= low && tick <= high);
    return { place, back, span, ticks: decades };
  }
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) return { place: () => (begin + end) / 2, back: () => low, span: 1, ticks: [low] };
  const rough = (high - low) / 4,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough),
    first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { place, back, span, ticks };
}

function axes(parent, x, y, width, height, xLabel, yLabel) {
  const bottom = height - BOTTOM;
  for (const tick of x.ticks) {
    draw(parent, "path", { class: "grid", d: `M${x.place(tick)} ${TOP}V${bottom}` });
    draw(parent, "text", { x: x.place(tick), y: bottom + 16, "text-anchor": "middle" }, written(tick, 12));
  }
  for (const tick of y.ticks) {
    draw(parent, "path", { class: "grid", d: `M${LEFT} ${y.place(tick)}H${width - RIGHT}` });
    draw(parent, "text", { x: LEFT - 5, y: y.place(tick) + 4, "text-anchor": "end" }, written(tick, 12));
  }
  draw(parent, "text", { x: (LEFT + width) / 2, y: height - 6, "text-anchor": "middle" }, xLabel);
  draw(parent, "text", { transform: `translate(12 ${bottom / 2}) rotate(-90)`, "text-anchor": "middle" }, yLabel);
}

// The responsibilities of a sample, as a mixture of the components' colors.
function mixed(palette, R, at, K) {
  let red = 0,
    green = 0,
    blue = 0;
  for (let k = 0; k < K; k++) {
    const color = palette[k % palette.length];
    red += R[at + k] * color[0];
    green += R[at + k] * color[1];
    blue += R[at + k] * color[2];
  }
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}

const channels = (color) => [1, 3, 5].map((from) => parseInt(color.slice(from, from + 2), 16));
const argmax = (R, at, K) => {
  let best = 0;
  for (let k = 1; k < K; k++) if (R[at + k] > R[at + best]) best = k;
  return best;
};

function outline(found, k, x, y) {
  // of two standard deviations
  const [l11, , l21, l22] = found.factors[k];
  return `M${Array.from({ length: 61 }, (_, i) => {
    const [u, v] = [2 * Math.cos((i * Math.PI) / 30), 2 * Math.sin((i * Math.PI) / 30)];
    return `${x.place(found.means[2 * k] + l11 * u).toFixed(1)} ${y.place(found.means[2 * k + 1] + l21 * u + l22 * v).toFixed(1)}`;
  }).join("L")}`;
}

// Draw the components of a mixture; with one feature, their weighted densities from low to high, and the sum.
function drawMixture(parent, found, palette, x, y, low, high) {
  // Halos lie below all lines, so that no halo hides another component.
  const line = (d, k) => {
    parent.prepend(draw(parent, "path", { class: "halo", d }));
    draw(parent, "path", { class: "component", d, stroke: palette[k % palette.length], "stroke-dasharray": DASHES[k % DASHES.length] });
  };
  if (found.d === 2) {
    for (let k = 0; k < found.K; k++) line(outline(found, k, x, y), k);
    return;
  }
  const at = Array.from({ length: 201 }, (_, i) => low + ((high - low) * i) / 200),
    scratch = [0],
    density = at.map((value) => Array.from({ length: found.K }, (_, k) => Math.exp(logShare(found, k, [value], 0, scratch))));
  const path = (of) => `M${at.map((value, i) => `${x.place(value).toFixed(1)} ${y.place(of(density[i])).toFixed(1)}`).join("L")}`;
  for (let k = 0; k < found.K; k++)
    line(
      path((each) => each[k]),
      k,
    );
  draw(parent, "path", { class: "sum", d: path((each) => each.reduce((sum, value) => sum + value, 0)) });
}

// Bars of a histogram, colored by the responsibilities at their middle.
function drawBars(parent, edges, heights, x, y, found, palette) {
  parent.replaceChildren();
  const middles = Float64Array.from(heights, (_, i) => (edges[i] + edges[i + 1]) / 2),
    R = found && eStep(samples(middles, 1), found).R;
  heights.forEach((height, i) =>
    draw(parent, "path", {
      class: "bar",
      fill: R ? mixed(palette, R, i * found.K, found.K) : "#b0b0b0",
      d: `M${x.place(edges[i])} ${y.place(0)}V${y.place(height)}H${x.place(edges[i + 1])}V${y.place(0)}Z`,
    }),
  );
}

function listOf(found, palette) {
  const list = document.createElement("ul");
  for (let k = 0; k < Math.min(found.K, 8); k++) {
    const item = document.createElement("li"),
      mark = draw(item, "svg", { viewBox: "0 0 34 10", "aria-hidden": "true" }),
      { d } = found;
    draw(mark, "path", { d: "M0 5H34", class: "component", stroke: palette[k % palette.length], "stroke-dasharray": DASHES[k % DASHES.length] });
    const listed = (values) => (d === 1 ? written(values[0]) : `(${[...values].map((each) => written(each)).join(", ")})`);
    const of = found.covariances.subarray(k * d * d, (k + 1) * d * d),
      deviations = Array.from({ length: d }, (_, a) => Math.sqrt(of[a * d + a]));
    const tilt = d === 2 ? `, correlation ${written(of[1] / deviations[0] / deviations[1])}` : "";
    item.append(` component ${k}: weight ${written(found.weights[k])}, mean ${listed(found.means.subarray(k * d, k * d + d))}, standard deviation ${listed(deviations)}${tilt}`);
    list.append(item);
  }
  return list;
}

// Components of one frame of a recorded run: weight, mean, lower triangle of the covariance, one after the other.
function recorded(run, frame, d) {
  const K = run.n_components,
    length = 1 + d + (d * (d + 1)) / 2,
    [weights, means, covariances] = [new Float64Array(K), new Float64Array(K * d), new Float64Array(K * d * d)];
  for (let k = 0; k < K; k++) {
    const of = run.frames.subarray((frame * K + k) * length, (frame * K + k + 1) * length);
    weights[k] = of[0];
    means.set(of.slice(1, 1 + d), k * d);
    let at = 1 + d;
    for (let a = 0; a < d; a++)
      for (let b = 0; b <= a; b++) covariances[(k * d + a) * d + b] = covariances[(k * d + b) * d + a] = of[at++];
  }
  return mixture(weights, means, covariances);
}

function unpacked(scene) {
  const d = scene.features.length,
    X = floats(scene.samples || ""),
    labeled = floats(scene.labeled || "");
  const runs = Object.fromEntries(
    Object.entries(scene.runs).map(([name, run]) => [name, { ...run, frames: floats(run.frames), trace: floats(run.trace) }]),
  );
  const labels = new Int32Array((X.length + labeled.length) / d).fill(-1);
  labels.set(scene.labels ?? [], X.length / d);
  const all = new Float64Array([...X, ...labeled]);
  return { ...scene, d, runs, n: X.length / d, all, every: labels, edges: scene.histogram && floats(scene.histogram.edges) };
}

// One of the two fits side by side.
class Side {
  constructor(stage, name) {
    const of = (part) => $(`${name}_${part}`);
    Object.assign(this, { stage, section: of("side"), choice: of("choice"), picture: of("picture"), curve: of("trace"), state: of("state") });
    this.choice.addEventListener("change", () => stage.set({}));
  }

  get run() {
    return this.stage.scene.runs[this.choice.value];
  }

  prepare() {
    // draw everything that does not change from step to step
    const { scene, data } = this.stage,
      of = (a) => (scene.d === 1 && scene.edges ? [...scene.edges] : [...scene.all].filter((_, i) => i % scene.d === a));
    this.picture.replaceChildren();
    this.x = scale(Math.min(...of(0)), Math.max(...of(0)), LEFT, SIZE - RIGHT);
    if (scene.d === 2) {
      this.y = scale(Math.min(...of(1)), Math.max(...of(1)), SIZE - BOTTOM, TOP);
      axes(this.picture, this.x, this.y, SIZE, SIZE, ...scene.features);
      this.marks = Array.from(scene.every, (label, i) => {
        const transform = `translate(${this.x.place(scene.all[2 * i]).toFixed(1)} ${this.y.place(scene.all[2 * i + 1]).toFixed(1)})`;
        return label < 0
          ? draw(this.picture, "path", { transform })
          : draw(this.picture, "path", {
              class: "labeled",
              fill: data.palette[label % data.palette.length],
              transform,
              d: label % 2 ? "M0 5L4.6-3.4H-4.6Z" : "M0-5L4.6 3.4H-4.6Z",
            });
      });
    } else {
      this.heights = scene.histogram.counts.map((count, i) => count / scene.n_samples / (scene.edges[i + 1] - scene.edges[i]));
      this.y = scale(0, 1.2 * Math.max(...this.heights), SIZE - BOTTOM, TOP);
      axes(this.picture, this.x, this.y, SIZE, SIZE, scene.features[0], "density");
      this.bars = draw(this.picture, "g", {});
    }
    const clip = `clip_${this.picture.id}`;
    draw(draw(this.picture, "clipPath", { id: clip }), "rect", { x: LEFT, y: TOP, width: SIZE - LEFT - RIGHT, height: SIZE - TOP - BOTTOM });
    this.shapes = draw(this.picture, "g", { class: "components", "clip-path": `url(#${clip})` });
    this.rings = draw(this.picture, "g", {});
    this.prepareTrace();
  }

  prepareTrace() {
    const { steps, trace, joint } = this.run,
      compared = this.stage.shown.map((side) => side.run).filter((run) => run.joint === joint),
      every = compared.flatMap((run) => [...run.trace]),
      last = Math.max(...this.stage.steps),
      height = 180;
    this.curve.replaceChildren();
    const x = scale(1, Math.max(2, last), LEFT, SIZE - RIGHT, last > 60),
      y = scale(Math.min(...every), Math.max(...every), height - BOTTOM, TOP);
    x.ticks = x.ticks.filter(Number.isInteger);
    axes(this.curve, x, y, SIZE, height, last > 60 ? "step (log scale)" : "step", joint ? "joint, nats per sample" : "nats per sample");
    const places = steps.map((step, i) => [x.place(step), y.place(trace[i])]);
    draw(this.curve, "path", { class: "mean", d: `M${places.map((place) => place.join(" ")).join("L")}` });
    this.dot = draw(this.curve, "circle", { class: "now", r: 5 });
    this.places = places;
  }

  // `step`: its E-step colors the samples; `after`: whether the M-step after it has moved the components.
  show(step, after) {
    const { scene, data } = this.stage,
      { run } = this,
      frame = Math.max(
        0,
        run.steps.findLastIndex((each) => each <= step),
      ),
      isEnd = frame === run.steps.length - 1,
      colored = recorded(run, frame, scene.d),
      moved = after && !isEnd ? recorded(run, frame + 1, scene.d) : colored,
      shown = samples(scene.all, scene.d, scene.every, run.joint ? "clamped" : "init_only"),
      { R, logLikelihood } = scene.all.length ? eStep(shown, colored) : { R: [] };
    this.shapes.replaceChildren();
    if (scene.d === 2)
      for (let i = 0; i < scene.n; i++) {
        this.marks[i].setAttribute("d", SHAPES[argmax(R, i * colored.K, colored.K) % SHAPES.length]);
        this.marks[i].setAttribute("fill", mixed(data.colors, R, i * colored.K, colored.K));
      }
    else drawBars(this.bars, scene.edges, this.heights, this.x, this.y, colored, data.colors);
    drawMixture(this.shapes, moved, data.palette, this.x, this.y, scene.edges?.[0], scene.edges?.at(-1));
    const [cx, cy] = this.places[frame];
    this.dot.setAttribute("cx", cx);
    this.dot.setAttribute("cy", cy);
    this.describe(run, frame, moved, scene.complete ? logLikelihood : run.trace[frame], after && !isEnd);
    this.components = scene.complete ? Array.from({ length: scene.n }, (_, i) => argmax(R, i * colored.K, colored.K)) : [];
  }

  ring(differs) {
    // around samples that the other side assigns to another component
    this.rings.replaceChildren();
    const { all } = this.stage.scene;
    differs.forEach(
      (differ, i) => differ && draw(this.rings, "circle", { class: "other", r: 5, cx: this.x.place(all[2 * i]), cy: this.y.place(all[2 * i + 1]) }),
    );
  }

  describe(run, frame, found, logLikelihood, after) {
    const step = run.steps[frame],
      where = step > run.n_steps ? `Parameters that the fit returns, after ${run.n_steps} steps` : `Step ${step} of ${run.n_steps}`;
    const value = document.createElement("data");
    value.value = logLikelihood;
    value.textContent = `${written(logLikelihood, 5)} nats per sample${run.joint ? ", including the labeled samples" : ""}`;
    const half = after ? ", after its M-step" : "";
    this.state.replaceChildren(`${where}${half}: log-likelihood `, value, ". ", step >= run.n_steps ? run.why : "", listOf(found, this.stage.data.palette));
    if (found.K > 8) this.state.append(`and ${found.K - 8} more components`);
    const words = `${this.choice.value}: ${where}${half}`;
    this.picture.setAttribute("aria-label", `${words}: samples and components`);
    this.curve.setAttribute("aria-label", `${words}: log-likelihood ${written(logLikelihood, 5)} nats per sample`);
  }
}

// All views and their controls. The slider counts half-steps: an E-step, then the M-step after it.
class Stage {
  constructor(data) {
    this.data = { ...data, colors: data.palette.map(channels) };
    this.scenes = Object.fromEntries(Object.entries(data.scenes).map(([key, scene]) => [key, unpacked(scene)]));
    this.left = new Side(this, "left");
    this.right = new Side(this, "right");
    for (const name of new Set(Object.values(this.scenes).map((scene) => scene.experiment))) $("experiment").append(new Option(name));
    const keys = Object.keys(this.scenes);
    $("experiment").addEventListener("change", () =>
      this.set({ scene: keys.find((key) => this.scenes[key].experiment === $("experiment").value), step: 1 }),
    );
    $("replicate").addEventListener("change", () => this.set({ scene: $("replicate").value, step: 1 }));
    $("step").addEventListener("input", () => this.show());
    $("rings").addEventListener("change", () => this.show());
    $("back").addEventListener("click", () => this.move(-1));
    $("on").addEventListener("click", () => this.move(1));
    $("play_on").addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-scene]");
      if (!link) return;
      this.set(link.dataset);
      $("why_watch").textContent = link.textContent;
    });
    this.set(document.querySelector("#ways [data-scene]").dataset);
    const linked = () => {
      const [place, state] = location.hash.split("?");
      if (place !== "#watch" || !state) return;
      const { scene, left, right, step } = Object.fromEntries(new URLSearchParams(state));
      if (Object.hasOwn(this.scenes, scene)) this.set({ scene, left, right, step: Number(step) });
      $("watch").scrollIntoView();
    };
    addEventListener("hashchange", linked);
    linked();
  }

  set({ scene, left, right, step }) {
    this.pause();
    step ??= this.steps[Math.floor($("step").value / 2)];
    if (scene) {
      this.scene = this.scenes[scene];
      this.key = scene;
      $("experiment").value = this.scene.experiment;
      $("replicate").replaceChildren(
        ...Object.entries(this.scenes)
          .filter(([, each]) => each.experiment === this.scene.experiment)
          .map(([key, each]) => new Option(each.replicate ?? "all (same samples)", key)),
      );
      $("replicate").value = scene;
      const names = Object.keys(this.scene.runs);
      for (const [side, wanted] of [
        [this.left, left ?? this.left.choice.value],
        [this.right, right ?? this.right.choice.value],
      ]) {
        side.choice.replaceChildren(...names.map((name) => new Option(name)));
        side.choice.value = names.includes(wanted) ? wanted : names[side === this.left ? 0 : names.length - 1];
      }
    }
    this.shown = this.left.choice.value === this.right.choice.value ? [this.left] : [this.left, this.right];
    this.right.section.classList.toggle("same", this.shown.length === 1);
    $("why_watch").textContent = "";
    this.steps = [...new Set(this.shown.flatMap((side) => side.run.steps))].sort((a, b) => a - b);
    $("step").max = 2 * (this.steps.length - 1);
    $("step").value =
      2 *
      Math.max(
        0,
        this.steps.findLastIndex((each) => each <= step),
      );
    $("scene").textContent = this.description();
    for (const side of this.shown) side.prepare();
    this.show();
  }

  description() {
    const { n_samples: nSamples, n_labeled: nLabeled, n, every, d, complete } = this.scene,
      counted = (number) => number.toLocaleString("en");
    const drawn = (number, all) => (d === 2 && number < all ? ` (the picture shows ${counted(number)})` : "");
    const triangles = d === 2 ? ", as large triangles of the color of their class, up or down" : "";
    return (
      `${counted(nSamples)} unlabeled samples${drawn(n, nSamples)}` +
      (nLabeled ? `; ${counted(nLabeled)} labeled samples${drawn(every.length - n, nLabeled)}${triangles}.` : ".") +
      ` The log-likelihood is ${complete ? "computed here, from the samples" : "the stored value"}.`
    );
  }

  show() {
    const at = Number($("step").value),
      step = this.steps[Math.floor(at / 2)],
      after = at % 2 === 1,
      last = Math.max(...this.shown.map((side) => side.run.n_steps));
    for (const side of this.shown) side.show(step, after);
    this.compare();
    const half = after ? "M-step: the components moved" : "E-step: the samples are colored";
    const text = step > last ? `after ${last} steps` : `step ${step} of ${last}, ${half}`;
    $("step").setAttribute("aria-valuetext", text);
    $("now").textContent = text;
    $("back").ariaDisabled = at === 0;
    $("on").ariaDisabled = at === Number($("step").max);
    const state = new URLSearchParams({ scene: this.key, left: this.left.choice.value, right: this.right.choice.value, step });
    $("watch_link").href = `#watch?${state}`;
  }

  compare() {
    // find the samples that the two sides assign to different components
    const [one, other] = this.shown,
      { n, d } = this.scene;
    const same = other && one.run.n_components === other.run.n_components && one.components.length === n && n > 0;
    const differs = same ? one.components.map((k, i) => k !== other.components[i]) : [];
    const count = differs.filter(Boolean).length;
    if (d === 2) for (const side of this.shown) side.ring($("rings").checked ? differs : []);
    $("rings").parentElement.hidden = !(d === 2 && count);
    $("differ").textContent = same ? `${count} of ${n.toLocaleString("en")} samples are assigned to different components by the two sides.` : "";
  }

  move(by) {
    $("step").value = Number($("step").value) + by;
    this.show();
  }

  play() {
    if ($("step").value === $("step").max) $("step").value = 0;
    $("now").setAttribute("aria-live", "off");
    $("play_on").textContent = "Pause";
    this.timer = setInterval(() => ($("step").value === $("step").max ? this.pause() : this.move(1)), PAUSE);
    this.show();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    $("now").setAttribute("aria-live", "polite");
    $("play_on").textContent = "Play";
  }
}

// Filter and sort the list of claims. Without a script the page shows all claims, the failing ones first.
function listClaims(table) {
  const claims = [...table.querySelectorAll("tbody.claim")],
    filters = [...document.querySelectorAll("#filters select")],
    groups = [...table.querySelectorAll("tbody.group")];
  const open = (claim, isOpen) => {
    claim.classList.toggle("open", isOpen);
    claim.querySelector(".line a").setAttribute("aria-expanded", isOpen);
  };
  const show = () => {
    for (const claim of claims) claim.hidden = filters.some(({ name, value }) => value && !claim.dataset[name].split(" ").includes(value));
    for (const group of groups) group.hidden = !claims.some((claim) => !claim.hidden && claim.dataset.part === group.dataset.part);
    const n = claims.filter((claim) => !claim.hidden).length;
    $("n_shown").textContent = n === claims.length ? "" : `${n} of ${claims.length} shown`;
  };
  for (const filter of filters) filter.addEventListener("change", show);
  for (const button of table.querySelectorAll("thead button"))
    button.addEventListener("click", () => {
      const key = button.dataset.sort,
        cell = button.closest("th"),
        way = cell.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const each of table.querySelectorAll("thead th")) each.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      const of = (claim) => (key === "id" ? claim.id : Number(claim.dataset[key]));
      const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
      for (const claim of [...claims].sort((a, b) => way * order(of(a), of(b)))) table.append(claim);
      for (const group of groups) group.remove();
    });
  table.addEventListener("click", (event) => {
    const link = event.target.closest(".line a");
    const claim = link?.closest("tbody"),
      isOpen = claim?.classList.contains("open");
    if (!claim) return;
    open(claim, !isOpen);
    event.preventDefault(); // the focus stays on the line
    history.replaceState(null, "", isOpen ? "#claims" : link.hash);
  });
  const linked = () => {
    const claim = claims.find((each) => `#${each.id}` === location.hash);
    if (!claim) return;
    if (claim.hidden) {
      for (const filter of filters) filter.value = "";
      show();
    }
    open(claim, true);
    claim.scrollIntoView();
  };
  for (const claim of claims) open(claim, false);
  addEventListener("hashchange", linked);
  linked();
}

document.documentElement.classList.add("scripted");
for (const part of document.querySelectorAll(".script")) part.hidden = false;
for (const part of document.querySelectorAll(".no_script")) part.hidden = true;
if ($("lines")) listClaims($("lines"));
if ($("scenes")) new Stage(JSON.parse($("scenes").textContent));

// Show the numbers of a sweep's point below the figure; the arrow keys move to the next point.
for (const chart of document.querySelectorAll(".chart")) {
  const readout = chart.querySelector(".readout"),
    points = [...chart.querySelectorAll(".point")];
  const describe = (event) => {
    const point = event.target.closest(".point");
    if (point) readout.textContent = `${point.querySelector("title").textContent}; ${point.closest("svg").getAttribute("aria-label")}`;
  };
  const shown = () => points.filter((point) => point.getClientRects().length);
  const stopAt = (point) => points.forEach((each) => each.setAttribute("tabindex", each === point ? "0" : "-1")); // of the Tab key
  if (points.length) {
    stopAt(points[0]);
    chart.addEventListener("change", () => stopAt(shown()[0]));
    chart.addEventListener("pointerover", describe);
    chart.addEventListener("focusin", describe);
    chart.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const all = shown(),
        place = all.indexOf(event.target);
      if (!by || place < 0) return;
      event.preventDefault();
      const next = all[(place + by + all.length) % all.length];
      stopAt(next);
      next.focus();
    });
  }
}
