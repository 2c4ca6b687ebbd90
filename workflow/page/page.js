"use strict";
// EM to watch, and the numbers of the sweeps' points. All else on the page needs no script.

const NS = "http://www.w3.org/2000/svg";
const SIZE = 440,
  LEFT = 56,
  RIGHT = 10,
  TOP = 10,
  BOTTOM = 42; // of the pictures, in CSS pixels
const PAUSE = 500; // milliseconds between steps
const SHAPES = [
  "M-2.4 0a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0-4.8 0Z",
  "M-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0Z",
  "M-2.5-2.5L2.5 2.5M-2.5 2.5L2.5-2.5",
  "M-2.4-2.4H2.4V2.4H-2.4Z",
]; // filled, then a ring, a cross, a square
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

// From numbers to pixels, with round numbers on the way.
function scale(low, high, begin, end, logarithmic = false) {
  const of = logarithmic ? Math.log10 : (value) => value;
  const room = 0.03 * (of(high) - of(low)) || 0.5;
  const bottom = of(low) - room,
    perUnit = (end - begin) / (of(high) - of(low) + 2 * room);
  const place = (value) => begin + (of(value) - bottom) * perUnit;
  if (logarithmic) {
    const decades = Array.from({ length: 9 }, (_, i) => 10 ** i).filter((tick) => tick >= low && tick <= high);
    return { place, ticks: decades };
  }
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) return { place: () => (begin + end) / 2, ticks: [low] };
  const rough = (high - low) / 4,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough),
    first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { place, ticks };
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

// Components of one step: weight, mean (one number a feature), lower triangle of the covariance.
function components(run, frame, nFeatures) {
  const length = 1 + nFeatures + (nFeatures * (nFeatures + 1)) / 2;
  return Array.from({ length: run.n_components }, (_, k) => {
    const of = run.frames.subarray((frame * run.n_components + k) * length, (frame * run.n_components + k + 1) * length);
    const mean = of.slice(1, 1 + nFeatures),
      [a, b, c] = of.slice(1 + nFeatures);
    const l11 = Math.sqrt(a),
      l21 = b / l11; // Cholesky factor
    return { weight: of[0], mean, variances: nFeatures === 1 ? [a] : [a, c], covariance: b, l11, l21, l22: Math.sqrt(c - l21 * l21) };
  });
}

// Log of the weighted density of a component.
function logShare(component, row) {
  const u = (row[0] - component.mean[0]) / component.l11;
  let squared = u * u,
    halfLogDeterminant = Math.log(component.l11);
  if (row.length === 2) {
    const v = (row[1] - component.mean[1] - component.l21 * u) / component.l22;
    squared += v * v;
    halfLogDeterminant += Math.log(component.l22);
  }
  return Math.log(component.weight) - (row.length / 2) * Math.log(2 * Math.PI) - halfLogDeterminant - squared / 2;
}

function logSum(values) {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

// The E-step: posteriors of the unlabeled rows, and the mean log-likelihood, of the labeled rows too if it is joint.
function expectation(scene, run, found) {
  let sum = 0;
  const posteriors = scene.rows.map((row) => {
    const logs = found.map((component) => logShare(component, row)),
      total = logSum(logs);
    sum += total;
    return logs.map((value) => Math.exp(value - total));
  });
  if (run.joint) scene.labeled.forEach((row, i) => (sum += logShare(found[scene.labels[i]], row)));
  return { posteriors, logLikelihood: sum / (scene.rows.length + (run.joint ? scene.labeled.length : 0)) };
}

function mixed(palette, shares) {
  const channel = (from) =>
    Math.round(shares.reduce((sum, share, k) => sum + share * parseInt(palette[k % palette.length].slice(from, from + 2), 16), 0));
  return `rgb(${channel(1)} ${channel(3)} ${channel(5)})`;
}

function unpacked(scene) {
  const n = scene.features.length;
  const rows = (text) => {
    const values = floats(text || "");
    return Array.from({ length: values.length / n }, (_, i) => values.slice(i * n, i * n + n));
  };
  const runs = Object.fromEntries(
    Object.entries(scene.runs).map(([name, run]) => [name, { ...run, frames: floats(run.frames), trace: floats(run.trace) }]),
  );
  return {
    ...scene,
    runs,
    rows: rows(scene.rows),
    labeled: rows(scene.labeled),
    histogram: scene.histogram && { ...scene.histogram, edges: floats(scene.histogram.edges) },
  };
}

// One of the two fits side by side.
class Side {
  constructor(stage, name) {
    const of = (part) => $(`${name}_${part}`);
    Object.assign(this, { stage, section: of("side"), choice: of("choice"), picture: of("picture"), curve: of("trace"), told: of("told") });
    this.choice.addEventListener("change", () => stage.set({}));
  }

  get run() {
    return this.stage.scene.runs[this.choice.value];
  }

  prepare() {
    // all that no step changes
    const { scene, data } = this.stage,
      n = scene.features.length;
    this.picture.replaceChildren();
    const across = n === 1 && scene.histogram ? [...scene.histogram.edges] : [...scene.rows, ...scene.labeled].map((row) => row[0]);
    this.x = scale(Math.min(...across), Math.max(...across), LEFT, SIZE - RIGHT);
    if (n === 2) {
      const up = [...scene.rows, ...scene.labeled].map((row) => row[1]);
      this.y = scale(Math.min(...up), Math.max(...up), SIZE - BOTTOM, TOP);
      axes(this.picture, this.x, this.y, SIZE, SIZE, ...scene.features);
      this.marks = scene.rows.map((row) =>
        draw(this.picture, "path", { transform: `translate(${this.x.place(row[0])} ${this.y.place(row[1])})` }),
      );
      scene.labeled.forEach((row, i) =>
        draw(this.picture, "path", {
          class: "labeled",
          fill: data.palette[scene.labels[i] % data.palette.length],
          transform: `translate(${this.x.place(row[0])} ${this.y.place(row[1])})`,
          d: scene.labels[i] % 2 ? "M0 5L4.6-3.4H-4.6Z" : "M0-5L4.6 3.4H-4.6Z",
        }),
      );
    } else {
      const { edges, counts } = scene.histogram;
      const heights = counts.map((count, i) => count / scene.n_rows / (edges[i + 1] - edges[i]));
      this.y = scale(0, 1.2 * Math.max(...heights), SIZE - BOTTOM, TOP);
      axes(this.picture, this.x, this.y, SIZE, SIZE, scene.features[0], "density");
      heights.forEach((height, i) =>
        draw(this.picture, "path", {
          class: "bar",
          d: `M${this.x.place(edges[i])} ${this.y.place(0)}V${this.y.place(height)}H${this.x.place(edges[i + 1])}V${this.y.place(0)}Z`,
        }),
      );
    }
    const clip = `clip_${this.picture.id}`;
    draw(draw(this.picture, "clipPath", { id: clip }), "rect", {
      x: LEFT,
      y: TOP,
      width: SIZE - LEFT - RIGHT,
      height: SIZE - TOP - BOTTOM,
    });
    this.shapes = draw(this.picture, "g", { class: "components", "clip-path": `url(#${clip})` });
    this.rings = draw(this.picture, "g", {});
    this.prepareTrace();
  }

  prepareTrace() {
    const { steps, trace, joint } = this.run,
      beside = Object.values(this.stage.shown)
        .map((side) => side.run)
        .filter((run) => run.joint === joint);
    const every = beside.flatMap((run) => [...run.trace]),
      last = Math.max(...this.stage.steps),
      height = 180;
    this.curve.replaceChildren();
    const x = scale(1, Math.max(2, last), LEFT, SIZE - RIGHT, last > 60),
      y = scale(Math.min(...every), Math.max(...every), height - BOTTOM, TOP);
    x.ticks = x.ticks.filter(Number.isInteger);
    axes(this.curve, x, y, SIZE, height, last > 60 ? "step, log scale" : "step", joint ? "joint, nats a row" : "nats a row");
    const places = steps.map((step, i) => [x.place(step), y.place(trace[i])]);
    draw(this.curve, "path", { class: "mean", d: `M${places.map((place) => place.join(" ")).join("L")}` });
    this.dot = draw(this.curve, "circle", { class: "now", r: 5 });
    this.places = places;
  }

  show(step) {
    const { scene, data } = this.stage,
      { run } = this,
      n = scene.features.length;
    const frame = Math.max(
        0,
        run.steps.findLastIndex((each) => each <= step),
      ),
      found = components(run, frame, n);
    const result = scene.whole ? expectation(scene, run, found) : { posteriors: [], logLikelihood: run.trace[frame] };
    this.shapes.replaceChildren();
    if (n === 2) {
      const posteriors = scene.whole ? result.posteriors : expectation(scene, { joint: false }, found).posteriors;
      posteriors.forEach((shares, i) => {
        const k = shares.indexOf(Math.max(...shares)) % SHAPES.length,
          color = mixed(data.palette, shares);
        this.marks[i].setAttribute("d", SHAPES[k]);
        this.marks[i].setAttribute("fill", k === 0 ? color : "none");
        this.marks[i].setAttribute("stroke", color);
      });
      found.forEach((component, k) => this.ellipse(component, k));
    } else this.curves(found);
    const [cx, cy] = this.places[frame];
    this.dot.setAttribute("cx", cx);
    this.dot.setAttribute("cy", cy);
    this.tell(run, frame, found, result.logLikelihood);
    this.components = result.posteriors.map((shares) => shares.indexOf(Math.max(...shares)));
  }

  ring(differs) {
    // around rows that the other side puts into another component
    this.rings.replaceChildren();
    this.stage.scene.rows.forEach(
      (row, i) => differs[i] && draw(this.rings, "circle", { class: "other", r: 5, cx: this.x.place(row[0]), cy: this.y.place(row[1]) }),
    );
  }

  ellipse({ mean, l11, l21, l22 }, k) {
    const outline = Array.from({ length: 61 }, (_, i) => {
      const [u, v] = [2 * Math.cos((i * Math.PI) / 30), 2 * Math.sin((i * Math.PI) / 30)];
      return `${this.x.place(mean[0] + l11 * u).toFixed(1)} ${this.y.place(mean[1] + l21 * u + l22 * v).toFixed(1)}`;
    });
    this.line(`M${outline.join("L")}`, k);
  }

  curves(found) {
    const [low, high] = [this.stage.scene.histogram.edges[0], this.stage.scene.histogram.edges.at(-1)];
    const at = Array.from({ length: 201 }, (_, i) => low + ((high - low) * i) / 200);
    const path = (density) => `M${at.map((x) => `${this.x.place(x).toFixed(1)} ${this.y.place(density([x])).toFixed(1)}`).join("L")}`;
    found.forEach((component, k) =>
      this.line(
        path((row) => Math.exp(logShare(component, row))),
        k,
      ),
    );
    draw(this.shapes, "path", { class: "sum", d: path((row) => Math.exp(logSum(found.map((component) => logShare(component, row))))) });
  }

  line(d, k) {
    draw(this.shapes, "path", { class: "halo", d });
    draw(this.shapes, "path", {
      class: "component",
      d,
      stroke: this.stage.data.palette[k % this.stage.data.palette.length],
      "stroke-dasharray": DASHES[k % DASHES.length],
    });
  }

  tell(run, frame, found, logLikelihood) {
    const step = run.steps[frame],
      how = frame === run.steps.length - 1 ? ` (${run.end})` : "";
    const where = step > run.n_steps ? `What the fit returns after ${run.n_steps} steps` : `Step ${step} of ${run.n_steps}`;
    const value = document.createElement("data");
    value.value = logLikelihood;
    value.textContent = `${written(logLikelihood, 7)} nats a row${run.joint ? ", of the labeled rows too" : ""}`;
    const list = document.createElement("ul");
    found.slice(0, 8).forEach((component, k) => {
      const item = document.createElement("li"),
        mark = draw(item, "svg", { viewBox: "0 0 34 10", "aria-hidden": "true" });
      const color = this.stage.data.palette[k % this.stage.data.palette.length];
      draw(mark, "path", { d: "M0 5H34", class: "component", stroke: color, "stroke-dasharray": DASHES[k % DASHES.length] });
      const listed = (values) => (values.length === 1 ? written(values[0]) : `(${[...values].map((each) => written(each)).join(", ")})`);
      const deviations = component.variances.map(Math.sqrt);
      const tilt = deviations.length === 2 ? `, correlation ${written(component.covariance / deviations[0] / deviations[1])}` : "";
      item.append(` weight ${written(component.weight)}, mean ${listed(component.mean)}, standard deviation ${listed(deviations)}${tilt}`);
      list.append(item);
    });
    this.told.replaceChildren(`${where}${how}: log-likelihood `, value, list);
    if (found.length > 8) this.told.append(`and ${found.length - 8} more components`);
    const words = `${this.choice.value}: ${where}`;
    this.picture.setAttribute("aria-label", `${words}: rows and components`);
    this.curve.setAttribute("aria-label", `${words}: log-likelihood ${written(logLikelihood, 7)} nats a row`);
  }
}

// All views, and what moves them.
class Stage {
  constructor(data) {
    this.data = data;
    this.scenes = Object.fromEntries(Object.entries(data.scenes).map(([key, scene]) => [key, unpacked(scene)]));
    this.left = new Side(this, "left");
    this.right = new Side(this, "right");
    for (const name of new Set(Object.values(this.scenes).map((scene) => scene.experiment))) $("experiment").append(new Option(name));
    $("experiment").addEventListener("change", () =>
      this.set({ scene: Object.keys(this.scenes).find((key) => this.scenes[key].experiment === $("experiment").value), step: 1 }),
    );
    $("draw").addEventListener("change", () => this.set({ scene: $("draw").value, step: 1 }));
    $("step").addEventListener("input", () => this.show());
    $("back").addEventListener("click", () => this.move(-1));
    $("on").addEventListener("click", () => this.move(1));
    $("play").addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-scene]");
      if (!link) return;
      this.set(link.dataset);
      $("why").textContent = link.textContent;
    });
    for (const part of document.querySelectorAll(".script")) part.hidden = false;
    $("no_script").hidden = true;
    this.set(document.querySelector("#ways [data-scene]").dataset);
  }

  set({ scene, left, right, step }) {
    this.pause();
    step ??= this.steps[$("step").value];
    if (scene) {
      this.scene = this.scenes[scene];
      $("experiment").value = this.scene.experiment;
      $("draw").replaceChildren(
        ...Object.entries(this.scenes)
          .filter(([, each]) => each.experiment === this.scene.experiment)
          .map(([key, each]) => new Option(each.draw ?? "all have these rows", key)),
      );
      $("draw").value = scene;
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
    $("why").textContent = "";
    this.steps = [...new Set(this.shown.flatMap((side) => side.run.steps))].sort((a, b) => a - b);
    $("step").max = this.steps.length - 1;
    $("step").value = Math.max(
      0,
      this.steps.findLastIndex((each) => each <= step),
    );
    $("scene").textContent = this.told();
    for (const side of this.shown) side.prepare();
    this.show();
  }

  told() {
    const { n_rows: nRows, n_labeled: nLabeled, rows, labeled, features, whole } = this.scene,
      written = (n) => n.toLocaleString("en");
    const drawn = (n, every) => (features.length === 2 && n < every ? ` (${written(n)} of them drawn)` : "");
    const triangles = features.length === 2 ? ", as triangles of the colour of their class, up or down" : "";
    return (
      `${written(nRows)} rows without a label${drawn(rows.length, nRows)}` +
      (nLabeled ? `; ${written(nLabeled)} with one${drawn(labeled.length, nLabeled)}${triangles}.` : ".") +
      ` The log-likelihood is ${whole ? "computed here, from the rows" : "the stored one"}.`
    );
  }

  show() {
    const step = this.steps[$("step").value];
    for (const side of this.shown) side.show(step);
    this.compare();
    $("step").setAttribute("aria-valuetext", `step ${step}`);
    $("now").textContent = `step ${step} of ${this.steps.at(-1)}`;
    $("back").ariaDisabled = $("step").value === "0";
    $("on").ariaDisabled = $("step").value === $("step").max;
  }

  compare() {
    // which rows the two sides put into different components
    const [one, other] = this.shown,
      nRows = this.scene.rows.length;
    const same = other && one.run.n_components === other.run.n_components && one.components.length === nRows && nRows > 0;
    const differs = same ? one.components.map((k, i) => k !== other.components[i]) : [];
    if (this.scene.features.length === 2) for (const side of this.shown) side.ring(differs);
    const count = differs.filter(Boolean).length;
    $("differ").textContent = same ? `${count} of ${nRows.toLocaleString("en")} rows are in another component on the other side.` : "";
  }

  move(by) {
    $("step").value = Number($("step").value) + by;
    this.show();
  }

  play() {
    if ($("step").value === $("step").max) $("step").value = 0;
    $("now").setAttribute("aria-live", "off");
    $("play").textContent = "Pause";
    this.timer = setInterval(() => ($("step").value === $("step").max ? this.pause() : this.move(1)), PAUSE);
    this.show();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    $("now").setAttribute("aria-live", "polite");
    $("play").textContent = "Play";
  }
}

if ($("scenes")) new Stage(JSON.parse($("scenes").textContent));

// Points of the sweeps tell their numbers below the figure; the arrow keys lead from one to the next.
for (const chart of document.querySelectorAll(".chart")) {
  const told = chart.querySelector(".told"),
    points = [...chart.querySelectorAll(".point")];
  const tell = (event) => {
    const point = event.target.closest(".point");
    if (point) told.textContent = point.querySelector("title").textContent;
  };
  const shown = () => points.filter((point) => point.getClientRects().length);
  const stopAt = (point) => points.forEach((each) => each.setAttribute("tabindex", each === point ? "0" : "-1")); // of the Tab key
  if (points.length) {
    stopAt(points[0]);
    chart.addEventListener("change", () => stopAt(shown()[0]));
    chart.addEventListener("pointerover", tell);
    chart.addEventListener("focusin", tell);
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
