// The playground: em.js computes EM in the browser, on samples from a seed or on the reader's own.

const MOST_SAMPLES = 100000,
  MOST_STEPS = 5000,
  LONGEST = 200, // milliseconds of computation before the page reacts to the reader again
  MOST_NEAR = 1000, // samples that are searched for the nearest one
  MOST_COMPONENTS = 6,
  LARGEST = 1e100; // squares of larger numbers overflow
// Settings in a link to a state; the samples follow from the exercise and the seed.
const STATE = ["seed", "k", "type", "start", "mode", "reg", "tol"];
// Settings of each exercise, what to see, and what to try next.
const EXERCISES = {
  false_convergence: {
    title: "False convergence",
    rows: ({ normal }) => Float64Array.from({ length: 12000 }, (_, i) => (i < 4000 ? 20 : 40) + 5 * normal()),
    settings: { k: 2, type: "full", start: "random", tol: "1e-3" },
    look: "4,000 values from N(20, 5) and 8,000 from N(40, 5), as in Goeduhub's tutorial, which fits two components by scikit-learn from random responsibilities. Both components begin with nearly the mean and the spread of all values. Click Run: EM stops after a few steps, because the log-likelihood hardly changes, although it is still far from the maximum.",
    then: "Predict where the mean of component 0 will be at the end, then set the tolerance to 1e-9 and run on.",
  },
  identical: {
    title: "Identical components",
    rows: ({ normal }) => pairs(300, (i) => [(i % 3 ? 1.5 : -1.5) + 0.7 * normal(), (i % 3 ? 1 : -1) + 0.7 * normal()]),
    settings: { k: 2, type: "full", start: "identical", tol: "1e-9", click: "add" },
    look: "Both components are equal, so each has a responsibility of one half for every sample, and the M-step gives the same two components again. This is a saddle point: no step of EM leaves it, although other parameters have a higher likelihood.",
    then: "Predict what happens when you click Run. Then move one mean a little, by dragging it or by the arrow keys, and run on.",
  },
  collapse: {
    title: "Initial parameters that collapse",
    rows: ({ normal }) => pairs(40, () => [normal(), normal()]),
    settings: { k: 2, type: "full", start: "narrow", tol: "1e-9" },
    look: "Component 0 begins narrow, at a single sample. The likelihood grows without bound as the component shrinks onto this sample. In the end its covariance is singular, and EM cannot go on.",
    then: "Predict at which step the component collapses. Then add 1e-2 to each variance (regularization), or share one covariance, and run again.",
  },
  labels: {
    title: "A few labels",
    rows: ({ normal, uniform }) =>
      pairs(330, () => (uniform() < 0.41 ? [-1.05 + 0.6 * normal(), -1.03 + 0.87 * normal()] : [0.98 + 0.85 * normal(), 1 + 0.56 * normal()])),
    labels: (X) => Int32Array.from({ length: X.length / 2 }, (_, i) => (i < 12 ? Number(X[2 * i] + X[2 * i + 1] > 0) : -1)),
    settings: { k: 2, type: "full", start: "labels", tol: "1e-4", click: "label0" },
    look: "The large triangles are labeled samples. They give the initial parameters. Then they leave the likelihood (init_only), or stay in it with their labels (clamped).",
    then: "Predict in which case EM stops sooner, then try both. Click samples to label more of them.",
  },
};
const STARTS = {
  random: "random responsibilities",
  samples: "means at random samples",
  identical: "identical components",
  narrow: "component 0 narrow, at one sample",
  labels: "from the labels",
};
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
const pairs = (n, of) => Float64Array.from(Array.from({ length: n }, (_, i) => of(i)).flat());

// Read CSV: one or two columns of numbers, and labels in a column named y, label, class or target. Throws an error that names the problem and the line.
function readCsv(text) {
  const lines = text.split(/\r?\n/).map((line, i) => [i + 1, line.trim()]).filter(([, line]) => line && !line.startsWith("#"));
  if (!lines.length) throw new Error("The text has no rows. Write one sample per line.");
  const separator = [",", ";", "\t"].find((each) => lines[0][1].includes(each)) ?? ",",
    cells = lines.map(([, line]) => line.split(separator).map((cell) => cell.trim().replace(/^"|"$/g, "")));
  const isNumber = (cell) => cell !== "" && Number.isFinite(Number(cell)),
    header = cells[0].some((cell) => cell !== "" && !isNumber(cell)) ? cells.shift() : cells[0].map((_, i) => `x${i + 1}`);
  if (header.length === lines[0][1].split(separator).length && cells.length < lines.length) lines.shift();
  if (!cells.length) throw new Error("There are no rows below the column names.");
  const y = header.findIndex((name) => /^(y|label|class|target)$/i.test(name)),
    used = header.map((_, i) => i).filter((i) => i !== y && cells.some((row) => isNumber(row[i] ?? ""))).slice(0, 2);
  if (!used.length) throw new Error("No column has numbers. Write one or two columns of numbers, separated by commas.");
  if (cells.length > MOST_SAMPLES) throw new Error(`There are ${cells.length} rows; at most ${MOST_SAMPLES} are allowed.`);
  const X = new Float64Array(cells.length * used.length);
  cells.forEach((row, i) =>
    used.forEach((column, a) => {
      if (!isNumber(row[column] ?? "")) throw new Error(`Line ${lines[i][0]}: '${row[column] ?? ""}' in column ${header[column]} is not a number.`);
      X[i * used.length + a] = Number(row[column]);
      if (Math.abs(row[column]) > LARGEST) throw new Error(`Line ${lines[i][0]}: ${row[column]} in column ${header[column]} is too large; the largest number allowed is ${LARGEST}.`);
    }),
  );
  const names = y < 0 ? [] : [...new Set(cells.map((row) => row[y] ?? "").filter(Boolean))].sort();
  if (names.length > MOST_COMPONENTS) throw new Error(`Column ${header[y]} has ${names.length} different labels; at most ${MOST_COMPONENTS} are allowed.`);
  return { X, d: used.length, features: used.map((i) => header[i]), labels: Int32Array.from(cells, (row) => (y < 0 ? -1 : names.indexOf(row[y] ?? ""))) };
}

class Playground {
  constructor(palette) {
    this.palette = palette;
    this.colors = palette.map(channels);
    const on = (id, event, act) => $(id).addEventListener(event, act);
    for (const [key, { title }] of Object.entries(EXERCISES)) $("play_exercise").append(new Option(title, key));
    $("play_exercise").append(new Option("Your own samples", "own"));
    for (const [key, text] of Object.entries(TYPES)) $("play_type").append(new Option(text, key));
    for (const [key, text] of Object.entries(STARTS)) $("play_start").append(new Option(text, key));
    on("play_exercise", "change", () => this.choose($("play_exercise").value));
    for (const id of ["play_k", "play_type", "play_start", "play_reg", "play_seed", "play_mode", "play_fast"]) on(id, "change", () => this.again(id === "play_seed"));
    on("play_tol", "change", () => this.draw());
    on("play_half", "click", () => this.act(() => this.half()));
    on("play_step", "click", () => this.act(() => this.step()));
    on("play_run", "click", () => (this.running ? this.act(() => {}) : this.run()));
    on("play_again", "click", () => this.again(false));
    on("play_click", "change", () => this.draw());
    on("play_csv_use", "click", () => this.take($("play_csv").value));
    on("play_file", "change", async () => $("play_file").files.length && this.take(await $("play_file").files[0].text()));
    on("play_rows", "toggle", () => $("play_rows").open && ($("play_csv").value = this.csv()));
    for (const event of ["dragover", "drop"])
      on("playground", event, async (dropped) => {
        dropped.preventDefault();
        if (event === "drop" && dropped.dataTransfer.files.length) this.take(await dropped.dataTransfer.files[0].text());
      });
    on("play_picture", "pointerdown", (event) => this.press(event));
    on("play_picture", "keydown", (event) => this.nudge(event));
    const linked = () => {
      const [place, state] = location.hash.split("?");
      if (place !== "#play" || !state || !this.restore(new URLSearchParams(state))) return false;
      $("play").scrollIntoView();
      return true;
    };
    $("play_settings").open = innerWidth > 800;
    addEventListener("hashchange", linked);
    if (!linked()) this.choose("false_convergence");
  }

  // ---- computation

  choose(name, more = {}) {
    this.halt();
    $("play_exercise").value = name;
    if (name === "own") {
      $("play_rows").open = this.moved = true;
      $("play_look").textContent = "Paste rows below, choose a file, or drop one here. They stay in this browser.";
      this.draw();
      return;
    }
    const { settings, look, then } = EXERCISES[name];
    for (const [key, value] of Object.entries({ reg: "0", mode: "init_only", click: "predict", ...settings, ...more })) $(`play_${key}`).value = value;
    $("play_fast").checked = more.fast === "1";
    $("play_look").replaceChildren(look, " ", Object.assign(document.createElement("b"), { textContent: then }));
    this.again(true);
  }

  again(isNew) {
    // from the initial parameters; with new samples if the exercise or the seed changed
    this.halt();
    const random = generator(Number($("play_seed").value)),
      exercise = EXERCISES[$("play_exercise").value];
    if (exercise && (isNew || !this.samples)) {
      const X = exercise.rows(random);
      const d = $("play_exercise").value === "false_convergence" ? 1 : 2;
      this.samples = samples(X, d, exercise.labels?.(X));
      this.features = d === 1 ? ["x"] : ["x1", "x2"];
      this.moved = false;
      if ($("play_rows").open) $("play_csv").value = this.csv();
    }
    if (!this.samples) return;
    this.samples.mode = $("play_mode").value;
    $("play_k").value = Math.min(MOST_COMPONENTS, Math.max(1, Math.round(Number($("play_k").value)) || 2));
    const most = Math.max(...this.samples.labels);
    if (Number($("play_k").value) <= most) $("play_k").value = most + 1;
    this.begin(generator(Number($("play_seed").value) + 1));
    this.fit();
  }

  begin({ uniform }) {
    const { X, d, n, labels } = this.samples,
      K = Number($("play_k").value),
      start = $("play_start").value;
    Object.assign(this, { trace: [], R: null, stopped: "", collapsed: false, past: [], guess: null, found: null });
    if (this.samples.mode === "init_only" && labels.every((k) => k >= 0)) {
      this.stopped = "All samples have a label, so no sample is left for the likelihood. Set Labels to clamped.";
      return;
    }
    let R = new Float64Array(n * K),
      isIn;
    if (start === "labels") {
      isIn = (i) => labels[i] >= 0;
      labels.forEach((k, i) => k >= 0 && (R[i * K + k] = 1));
    } else {
      for (let i = 0; i < n; i++) {
        const row = Array.from({ length: K }, () => (start === "random" ? uniform() : 1)),
          total = row.reduce((sum, value) => sum + value, 0);
        row.forEach((value, k) => (R[i * K + k] = value / total));
      }
    }
    let found = mStep(this.samples, R, $("play_type").value, this.reg, isIn);
    if (!found.collapse && start === "samples")
      for (let k = 0; k < K; k++) found.means.set(X.subarray(d * Math.floor(uniform() * n)).subarray(0, d), k * d);
    if (!found.collapse && start === "narrow" && n > 1) {
      const distance = (i) => Array.from({ length: d }, (_, a) => (X[i * d + a] - X[a]) ** 2).reduce((sum, value) => sum + value, 0),
        nearest = Math.min(...Array.from({ length: Math.min(n, MOST_NEAR) - 1 }, (_, i) => distance(i + 1))),
        trace = Array.from({ length: d }, (_, a) => found.covariances[a * (d + 1)]).reduce((sum, value) => sum + value, 0);
      found.means.set(X.subarray(0, d), 0);
      for (let a = 0; a < d * d; a++) found.covariances[a] *= (0.1 * d * nearest) / trace;
      const rest = (1 - 2 / n) / Math.max(1, K - 1);
      found = mixture(found.weights.map((_, k) => (k ? rest : K > 1 ? 2 / n : 1)), found.means, found.covariances);
    }
    this.stopped = found.collapse ? `These initial parameters do not exist. ${sentence(found.collapse)}` : "";
    this.found = found.collapse ? null : found;
  }

  get reg() {
    return Number($("play_reg").value);
  }

  half() {
    // take the next half of a step: the E-step, or the M-step after it
    if (!this.found || this.collapsed) return;
    const { trace, found } = this;
    if (!this.R) {
      const { R, logLikelihood } = eStep(this.samples, found);
      this.R = R;
      trace.push(logLikelihood);
      const change = trace.length > 1 ? Math.abs(trace.at(-1) - trace.at(-2)) : Infinity,
        tol = Number($("play_tol").value);
      this.stopped = "";
      if (change < tol) {
        const rest = distanceFromLimit(trace),
          estimate = rest === null ? "the remaining gain cannot be estimated from so few steps" : rest === Infinity ? "the gains do not shrink, so there is more to gain" : `the estimated remaining gain is ${written(rest, 2)} nats per sample`;
        this.stopped = `EM stops after step ${trace.length}: the last change, ${written(change, 2)} nats per sample, is below the tolerance ${$("play_tol").value}; ${estimate}.`;
      }
      return;
    }
    let next = mStep(this.samples, this.R, $("play_type").value, this.reg);
    if (next.collapse) {
      this.collapsed = true;
      this.stopped = `A component collapses in the M-step of step ${trace.length}. ${sentence(next.collapse)}`;
      return;
    }
    if ($("play_fast").checked) {
      this.past = [...this.past.slice(-1), asVector(found)];
      if (this.past.length === 2) {
        const further = extrapolated([...this.past, asVector(next)], next.K, next.d);
        if (!further.collapse && eStep(this.samples, further).logLikelihood > eStep(this.samples, next).logLikelihood) next = further;
        this.past = [];
      }
    }
    if (this.guess) this.compareGuess(next);
    this.found = next;
    this.R = null;
  }

  step() {
    if (this.R) this.half();
    this.half();
  }

  act(move) {
    this.halt();
    move();
    this.draw();
  }

  run() {
    if (this.R) this.half();
    $("play_run").textContent = "Pause";
    const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches,
      frame = () => {
        // the longer the run, the more steps at a time; with reduced motion only the result is drawn
        const n = quiet ? MOST_STEPS : 1 + Math.floor(this.trace.length / 60),
          began = performance.now();
        for (let i = 0; i < n && this.running && performance.now() - began < LONGEST; i++) {
          this.step();
          if (this.trace.length >= MOST_STEPS) this.stopped ||= `EM stops because this page allows at most ${MOST_STEPS} steps.`;
          if (this.collapsed || this.stopped || !this.found) this.halt();
        }
        if (!quiet || !this.running) this.draw();
        if (this.running) this.running = requestAnimationFrame(frame);
      };
    this.stopped = "";
    this.running = requestAnimationFrame(frame);
  }

  halt() {
    cancelAnimationFrame(this.running);
    this.running = 0;
    $("play_run").textContent = "Run";
  }

  compareGuess(next) {
    const { d } = next,
      to = next.means.subarray(0, d),
      off = Math.hypot(...this.guess.map((value, a) => value - to[a])),
      way = Math.hypot(...Array.from({ length: d }, (_, a) => to[a] - this.found.means[a]));
    $("play_guess").textContent = `Your prediction for component 0 is off by ${written(off)}; the M-step moved its mean by ${written(way)}.`;
    this.guess = null;
  }

  // ---- samples and links

  take(text) {
    try {
      const { X, d, labels, features } = readCsv(text);
      this.samples = samples(X, d, labels);
      this.features = features;
      $("play_error").textContent = "";
    } catch (error) {
      $("play_error").textContent = error.message;
      return;
    }
    $("play_exercise").value = "own";
    $("play_look").textContent = "Your own samples stay in this browser; a link does not hold them.";
    $("play_start").value = this.samples.labels.some((k) => k >= 0) ? "labels" : "samples";
    this.moved = true;
    this.again(false);
  }

  csv() {
    const { X, d, n, labels } = this.samples,
      known = labels.some((k) => k >= 0),
      head = this.moved ? "" : `# exercise ${$("play_exercise").value}, seed ${$("play_seed").value}\n`;
    const rows = Array.from({ length: n }, (_, i) => [...X.subarray(i * d, i * d + d), ...(known ? [labels[i] < 0 ? "" : labels[i]] : [])].join(","));
    return `${head}${[...this.features, ...(known ? ["y"] : [])].join(",")}\n${rows.join("\n")}\n`;
  }

  state() {
    const of = Object.fromEntries(STATE.map((key) => [key, $(`play_${key}`).value])),
      half = 2 * this.trace.length - (this.R && !this.collapsed ? 1 : 0);
    return new URLSearchParams({ exercise: $("play_exercise").value, ...of, fast: Number($("play_fast").checked), half });
  }

  restore(state) {
    const given = Object.fromEntries(state);
    if (!Object.hasOwn(EXERCISES, given.exercise)) return false;
    this.choose(given.exercise, Object.fromEntries([...STATE, "fast"].filter((key) => key in given).map((key) => [key, given[key]])));
    for (let i = 0; i < Math.min(Number(given.half) || 0, 2 * MOST_STEPS); i++) this.half();
    this.draw();
    return true;
  }

  // ---- mouse and keyboard

  at(event) {
    const box = $("play_picture").getBoundingClientRect(),
      [px, py] = [((event.clientX - box.left) * SIZE) / box.width, ((event.clientY - box.top) * SIZE) / box.height];
    return [this.x.back(px), this.y.back(py)];
  }

  press(event) {
    const { samples: of } = this;
    if (!of) return;
    const handle = event.target.closest(".handle"),
      where = this.at(event).slice(0, of.d);
    if (handle && $("play_click").value !== "predict") {
      event.preventDefault();
      const k = Number(handle.dataset.k),
        move = (moved) => this.move(k, this.at(moved).slice(0, of.d));
      const picture = $("play_picture");
      picture.setPointerCapture(event.pointerId);
      picture.addEventListener("pointermove", move);
      picture.addEventListener("pointerup", () => picture.removeEventListener("pointermove", move), { once: true });
      return;
    }
    const what = $("play_click").value;
    if (what === "predict") {
      this.guess = where;
      $("play_guess").textContent = "Now take the M-step.";
      this.draw();
    } else if (what === "add") this.change(new Float64Array([...of.X, ...where]), Int32Array.from([...of.labels, -1]));
    else if (of.d === 2) {
      let near = 0;
      const apart = (i) => (this.x.place(of.X[2 * i]) - this.x.place(where[0])) ** 2 + (this.y.place(of.X[2 * i + 1]) - this.y.place(where[1])) ** 2;
      for (let i = 1; i < of.n; i++) if (apart(i) < apart(near)) near = i;
      const k = Number(what.slice(5)),
        labels = of.labels.slice();
      if (k >= Number($("play_k").value)) return;
      labels[near] = labels[near] === k ? -1 : k;
      this.change(of.X, labels);
    }
  }

  change(X, labels) {
    // keep the mixture, change the samples
    this.halt();
    this.samples = samples(X, this.samples.d, labels, $("play_mode").value);
    Object.assign(this, { R: null, trace: [], stopped: "", collapsed: false, moved: true, past: [] });
    if ($("play_rows").open) $("play_csv").value = this.csv();
    this.fit();
  }

  move(k, to) {
    if (!this.found) return;
    this.found.means.set(to, k * this.found.d);
    Object.assign(this, { R: null, trace: [], stopped: "", collapsed: false, moved: true, past: [] });
    this.draw();
  }

  nudge(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key],
      handle = event.target.closest(".handle");
    if (!by || !handle || !this.found) return;
    event.preventDefault();
    const k = Number(handle.dataset.k),
      spans = [this.x.span, this.y.span];
    this.move(
      k,
      Array.from({ length: this.found.d }, (_, a) => this.found.means[k * this.found.d + a] + (by[a] * spans[a]) / 50),
    );
    $("play_picture").querySelector(`.handle[data-k="${k}"]`)?.focus();
  }

  // ---- display

  fit() {
    // fit the axes to all samples
    const { X, d, n } = this.samples,
      of = (a) => {
        let [low, high] = [Infinity, -Infinity];
        for (let i = 0; i < n; i++) [low, high] = [Math.min(low, X[i * d + a]), Math.max(high, X[i * d + a])];
        return [low, high];
      };
    this.ends = of(0);
    this.x = scale(...this.ends, LEFT, SIZE - RIGHT);
    if (d === 1) {
      const [low, high] = this.ends,
        n_bars = Math.min(60, Math.max(10, Math.round(Math.sqrt(n)))),
        width = (high - low) / n_bars || 1,
        counts = new Array(n_bars).fill(0);
      for (const value of X) counts[Math.min(n_bars - 1, Math.floor((value - low) / width))]++;
      this.edges = Array.from({ length: n_bars + 1 }, (_, i) => low + i * width);
      this.heights = counts.map((count) => count / n / width);
      this.y = scale(0, 1.3 * Math.max(...this.heights), SIZE - BOTTOM, TOP);
    } else this.y = scale(...of(1), SIZE - BOTTOM, TOP);
    const picture = $("play_picture");
    picture.replaceChildren();
    axes(picture, this.x, this.y, SIZE, SIZE, this.features[0], d === 1 ? "density" : this.features[1]);
    this.bars = draw(picture, "g", {});
    this.known = draw(picture, "g", {});
    this.shapes = draw(picture, "g", { class: "components" });
    $("play_canvas").hidden = d === 1;
    $("play_mode").disabled = !this.samples.labels.some((k) => k >= 0);
    this.draw();
  }

  draw() {
    if (!this.samples) return;
    const { found, R, samples: of } = this;
    if (of.d === 2) this.paint(R && found ? R : null);
    else drawBars(this.bars, this.edges, this.heights, this.x, this.y, R && found, this.colors);
    this.known.replaceChildren();
    if (of.d === 2)
      of.labels.forEach((k, i) => {
        if (k < 0) return;
        const transform = `translate(${this.x.place(of.X[2 * i])} ${this.y.place(of.X[2 * i + 1])})`;
        draw(this.known, "path", { class: "labeled", transform, fill: this.palette[k % this.palette.length], d: k % 2 ? "M0 5L4.6-3.4H-4.6Z" : "M0-5L4.6 3.4H-4.6Z" });
      });
    const focused = document.activeElement?.dataset?.k;
    this.shapes.replaceChildren();
    if (found) {
      drawMixture(this.shapes, found, this.palette, this.x, this.y, ...this.ends);
      for (let k = 0; k < found.K; k++) {
        const cx = this.x.place(found.means[k * found.d]),
          cy = found.d === 2 ? this.y.place(found.means[2 * k + 1]) : SIZE - BOTTOM - 12 - 16 * k;
        const handle = draw(this.shapes, "g", { class: "handle", tabindex: 0, role: "img", "data-k": k, "aria-label": `mean of component ${k}: move it with the arrow keys` });
        draw(handle, "circle", { r: 9, cx, cy, stroke: this.palette[k % this.palette.length] });
        draw(handle, "text", { x: cx, y: cy + 4, "text-anchor": "middle" }, k);
        if (String(k) === focused) handle.focus();
      }
    }
    if (this.guess) draw(this.shapes, "text", { class: "guess", x: this.x.place(this.guess[0]), y: of.d === 2 ? this.y.place(this.guess[1]) + 6 : SIZE - BOTTOM - 30, "text-anchor": "middle" }, "\u2716");
    this.describe();
  }

  paint(R) {
    // draw the samples on a canvas, because there may be many
    const canvas = $("play_canvas"),
      dense = devicePixelRatio || 1;
    if (canvas.width !== SIZE * dense) canvas.width = canvas.height = SIZE * dense;
    const pen = canvas.getContext("2d"),
      { X, n, labels } = this.samples,
      K = this.found?.K ?? 1,
      r = (n > 3000 ? 1.2 : 2.2) * dense;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = "#8a8a8a";
    for (let i = 0; i < n; i++) {
      if (labels[i] >= 0) continue;
      if (R) pen.fillStyle = mixed(this.colors, R, i * K, K);
      const [px, py] = [this.x.place(X[2 * i]) * dense, this.y.place(X[2 * i + 1]) * dense];
      if (R && argmax(R, i * K, K) % 2 === 0) {
        pen.beginPath();
        pen.arc(px, py, r, 0, 2 * Math.PI);
        pen.fill();
      } else pen.fillRect(px - r, py - r, 2 * r, 2 * r);
    }
  }

  describe() {
    const { trace, R, found } = this,
      step = Math.max(1, trace.length),
      isFirst = !trace.length;
    const where = isFirst ? "The initial parameters" : R ? `Step ${step}, after its E-step` : `Step ${step}, after its M-step`;
    $("play_half").textContent = R ? "M-step" : "E-step";
    $("play_where").textContent = `${where}${isFirst ? "" : `: log-likelihood ${written(trace.at(-1), 6)} nats per sample${trace.length > 1 ? `, changed by ${written(trace.at(-1) - trace.at(-2), 2)}` : ""}`}.`;
    $("play_next").textContent = !found || this.collapsed ? "" : R ? "Next is the M-step: each component moves to the samples, weighted by its responsibilities." : "Next is the E-step: the color of each sample shows its responsibilities.";
    $("play_why").textContent = this.stopped;
    $("play_components").replaceChildren(...(found ? [listOf(found, this.palette)] : []));
    $("play_picture").setAttribute("aria-label", `${where}: ${this.samples.n} samples and ${found ? found.K : "no"} components`);
    for (const id of ["play_half", "play_step", "play_run"]) $(id).disabled = !found || Boolean(this.collapsed);
    const curve = $("play_trace");
    curve.toggleAttribute("hidden", !trace.length);
    curve.replaceChildren();
    if (trace.length) {
      const x = scale(1, Math.max(2, trace.length), LEFT, SIZE - RIGHT, trace.length > 60),
        y = scale(Math.min(...trace), Math.max(...trace), 180 - BOTTOM, TOP);
      x.ticks = x.ticks.filter(Number.isInteger);
      axes(curve, x, y, SIZE, 180, trace.length > 60 ? "step (log scale)" : "step", "nats per sample");
      draw(curve, "path", { class: "mean", d: `M${trace.map((value, i) => `${x.place(i + 1).toFixed(1)} ${y.place(value).toFixed(1)}`).join("L")}` });
      draw(curve, "circle", { class: "now", r: 5, cx: x.place(trace.length), cy: y.place(trace.at(-1)) });
    }
    $("play_link").hidden = this.moved;
    $("play_moved").hidden = !this.moved;
    if (!this.moved && !this.running) $("play_link").href = `#play?${this.state()}`;
  }
}

const playground = $("playground") && new Playground(JSON.parse($("palette").textContent));
