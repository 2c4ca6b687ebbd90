"use strict";
// EM for Gaussian mixtures, as emgmm computes it. Matrices are Float64Arrays, row by row; `d` features, `n` samples.

const TYPES = { full: "full", tied: "one for all (tied)", diag: "diagonal", spherical: "spherical" };
const ROUNDING = 1e-14; // share of a variance, below which what is left of it is rounding

// Samples X (n x d). `labels` are numbers of components, -1 for an unlabeled sample; `mode` is their use:
// "init_only": labeled samples are left out of the likelihood; "clamped": they stay in it with their labels.
function samples(X, d, labels = null, mode = "init_only") {
  const n = X.length / d;
  return { X, d, n, labels: labels ?? new Int32Array(n).fill(-1), mode };
}

function cholesky(a, d) {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let rest = a[i * d + j];
      for (let m = 0; m < j; m++) rest -= l[i * d + m] * l[j * d + m];
      if (i !== j) l[i * d + j] = rest / l[j * d + j];
      else if (rest > ROUNDING * a[i * d + i]) l[i * d + i] = Math.sqrt(rest);
      else return null;
    }
  return l;
}

// A mixture: weights (K), means (K x d), covariances (K x d x d); with `collapse`, the reason, where one is singular.
function mixture(weights, means, covariances) {
  const K = weights.length,
    d = means.length / K,
    factors = [],
    logs = new Float64Array(K);
  for (let k = 0; k < K; k++) {
    const factor = cholesky(covariances.subarray(k * d * d, (k + 1) * d * d), d);
    if (!factor) return { collapse: `component ${k}: its covariance is singular, because its samples lie on a point or a line` };
    factors.push(factor);
    logs[k] = Math.log(weights[k]) - (d / 2) * Math.log(2 * Math.PI);
    for (let i = 0; i < d; i++) logs[k] -= Math.log(factor[i * d + i]);
  }
  return { K, d, weights, means, covariances, factors, logs };
}

// Log of the weighted density of component k at the sample whose values begin at X[at].
function logShare({ d, means, factors, logs }, k, X, at, scratch) {
  const factor = factors[k];
  let squared = 0;
  for (let i = 0; i < d; i++) {
    let u = X[at + i] - means[k * d + i];
    for (let j = 0; j < i; j++) u -= factor[i * d + j] * scratch[j];
    scratch[i] = u /= factor[i * d + i];
    squared += u * u;
  }
  return logs[k] - squared / 2;
}

// E-step: responsibilities R (n x K), and the mean log-likelihood in nats per sample.
function eStep({ X, d, n, labels, mode }, found) {
  const K = found.K,
    R = new Float64Array(n * K),
    scratch = new Float64Array(d);
  let sum = 0,
    count = 0;
  for (let i = 0; i < n; i++) {
    const label = labels[i];
    if (label >= 0) {
      R[i * K + label] = 1;
      if (mode === "init_only") continue;
      sum += logShare(found, label, X, i * d, scratch);
    } else {
      let most = -Infinity,
        total = 0;
      for (let k = 0; k < K; k++) {
        const value = (R[i * K + k] = logShare(found, k, X, i * d, scratch));
        if (value > most) most = value;
      }
      for (let k = 0; k < K; k++) total += R[i * K + k] = Math.exp(R[i * K + k] - most);
      for (let k = 0; k < K; k++) R[i * K + k] /= total;
      sum += most + Math.log(total);
    }
    count++;
  }
  return { R, logLikelihood: sum / count };
}

// M-step of the samples in the likelihood, or of those that `isIn` selects.
function mStep({ X, d, n, labels, mode }, R, type, regCovar = 0, isIn = (i) => labels[i] < 0 || mode === "clamped") {
  const K = R.length / n,
    mass = new Float64Array(K),
    means = new Float64Array(K * d),
    covariances = new Float64Array(K * d * d);
  for (let i = 0; i < n; i++)
    if (isIn(i))
      for (let k = 0; k < K; k++) {
        mass[k] += R[i * K + k];
        for (let a = 0; a < d; a++) means[k * d + a] += R[i * K + k] * X[i * d + a];
      }
  const total = mass.reduce((sum, each) => sum + each, 0);
  for (let k = 0; k < K; k++) {
    if (!(mass[k] > 1e-300)) return { collapse: `component ${k}: its weight is zero` };
    for (let a = 0; a < d; a++) means[k * d + a] /= mass[k];
  }
  for (let i = 0; i < n; i++)
    if (isIn(i))
      for (let k = 0; k < K; k++) {
        const share = R[i * K + k];
        for (let a = 0; a < d; a++) {
          const u = share * (X[i * d + a] - means[k * d + a]);
          for (let b = 0; b <= a; b++) covariances[(k * d + a) * d + b] += u * (X[i * d + b] - means[k * d + b]);
        }
      }
  const size = d * d;
  if (type === "tied") {
    const shared = new Float64Array(size);
    for (let k = 0; k < K; k++) for (let j = 0; j < size; j++) shared[j] += covariances[k * size + j] / total;
    for (let k = 0; k < K; k++) covariances.set(shared, k * size);
  } else for (let k = 0; k < K; k++) for (let j = 0; j < size; j++) covariances[k * size + j] /= mass[k];
  for (let k = 0; k < K; k++) {
    const of = covariances.subarray(k * size, (k + 1) * size);
    let mean = 0;
    for (let a = 0; a < d; a++) mean += of[a * d + a] / d;
    for (let a = 0; a < d; a++) {
      for (let b = 0; b < a; b++) of[b * d + a] = of[a * d + b] = type === "diag" || type === "spherical" ? 0 : of[a * d + b];
      of[a * d + a] = (type === "spherical" ? mean : of[a * d + a]) + regCovar;
    }
  }
  return mixture(mass.map((each) => each / total), means, covariances);
}

// Estimate how far a trace is from its limit (Aitken, 1926): the largest of three estimates; null if there are too few steps.
function distanceFromLimit(trace) {
  if (trace.length < 5) return null;
  const gains = trace.slice(-4).map((value, i) => value - trace.at(-5 + i));
  const rounding = 64 * Number.EPSILON * Math.max(1, Math.abs(trace.at(-1)));
  const each = gains.slice(1).map((gain, i) => {
    const ratio = gain / gains[i];
    return Math.abs(gain) <= rounding ? 0 : ratio >= 0 && ratio < 1 ? Math.abs(gain * ratio) / (1 - ratio) : Infinity;
  });
  return Math.max(...each);
}

// A mixture as a vector without bounds, and back: logarithms of weights, means, Cholesky factors with logarithms of the diagonal.
function asVector({ K, d, weights, means, factors }) {
  const roots = factors.flatMap((factor) => [...factor].map((value, j) => (j % (d + 1) ? value : Math.log(value))));
  return [...[...weights].map(Math.log), ...means, ...roots];
}

function fromVector(vector, K, d) {
  const raw = vector.slice(0, K).map(Math.exp),
    total = raw.reduce((sum, value) => sum + value, 0),
    size = d * d,
    covariances = new Float64Array(K * size);
  for (let k = 0; k < K; k++) {
    const of = vector.slice(K + K * d + k * size, K + K * d + (k + 1) * size).map((value, j) => (j % (d + 1) ? value : Math.exp(value)));
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) for (let m = 0; m <= Math.min(a, b); m++) covariances[k * size + a * d + b] += of[a * d + m] * of[b * d + m];
  }
  if (!vector.every(Number.isFinite)) return { collapse: "too far" };
  return mixture(Float64Array.from(raw, (value) => value / total), Float64Array.from(vector.slice(K, K + K * d)), covariances);
}

// Squared extrapolation (Varadhan and Roland, 2008) of a mixture and the mixtures one and two steps later.
function extrapolated([before, one, two], K, d) {
  const r = one.map((value, i) => value - before[i]),
    v = two.map((value, i) => value - one[i] - r[i]),
    norm = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)),
    alpha = -Math.max(1, norm(r) / norm(v));
  return fromVector(before.map((value, i) => value - 2 * alpha * r[i] + alpha * alpha * v[i]), K, d);
}

// Reproducible random numbers from a seed (mulberry32).
function generator(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}
