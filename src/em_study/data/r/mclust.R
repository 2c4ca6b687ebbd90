# mclust's EM from given parameters.
use("mclust")
source("mixture.R")
MODELS <- c(full = "VVV", tied = "EEE", diag = "VVI", spherical = "VII")

variance_of <- function(C, model) { # as mclust keeps it
  D <- dim(C)[1]
  K <- dim(C)[3]
  variances <- matrix(apply(C, 3, diag), D, K)
  switch(model,
    E = list(modelName = "E", d = 1, G = K, sigmasq = C[1, 1, 1]),
    V = list(modelName = "V", d = 1, G = K, sigmasq = C[1, 1, ], scale = C[1, 1, ]),
    VVV = list(modelName = "VVV", d = D, G = K, sigma = C, cholsigma = array(apply(C, 3, chol), dim(C))),
    EEE = list(modelName = "EEE", d = D, G = K, sigma = C, Sigma = C[, , 1], cholSigma = chol(C[, , 1])),
    VVI = {
      scale <- exp(colMeans(log(variances)))
      list(modelName = "VVI", d = D, G = K, sigma = C, scale = scale, shape = t(t(variances) / scale))
    },
    VII = list(modelName = "VII", d = D, G = K, sigma = C, sigmasq = variances[1, ], scale = variances[1, ])
  )
}

covariances_of <- function(parameters, model) { # (D, D, K)
  variance <- parameters$variance
  if (model %in% c("E", "V")) array(rep_len(variance$sigmasq, length(parameters$pro)), c(1, 1, length(parameters$pro))) else variance$sigma
}

model_of <- function(type, D) if (D > 1) MODELS[[type]] else if (type == "tied") "E" else "V"

given_parameters <- function(weights, means, covariances, type, model) {
  D <- ncol(means)
  C <- full_covariances(covariances, type, length(weights), D)
  list(pro = as.vector(weights), mean = if (D == 1) means[, 1] else t(means), variance = variance_of(C, model))
}

found_mixture <- function(p, type, model, K, D, n_iter, converged) {
  fitted_mixture(p$pro, matrix(p$mean, K, D, byrow = D > 1), covariances_of(p, model), type, n_iter, converged)
}

# With tol 0 it takes max_iter steps; it stops where the log-likelihood does not change at all, so it is called again.
fit <- function(X, weights, means, covariances, type, tol, max_iter) {
  D <- ncol(X)
  model <- model_of(type, D)
  p <- given_parameters(weights, means, covariances, type, model)
  control <- emControl()
  control$tol <- if (tol == 0) c(-1, -1) else c(tol, tol)
  done <- 0
  repeat {
    control$itmax <- rep(max_iter - done, 2)
    found <- em(data = if (D == 1) X[, 1] else X, modelName = model, parameters = p, control = control, warn = FALSE)
    p <- found$parameters
    if (anyNA(p$pro) || is.na(found$loglik)) stop("mclust: ", attr(found, "WARNING"))
    steps <- attr(found, "info")[["iterations"]] # negative at the limit
    done <- done + abs(steps)
    if (tol > 0 || done >= max_iter) break
  }
  found_mixture(p, type, model, nrow(means), D, done, tol > 0 && steps > 0)
}

# What mclust's MclustSSC does, but from given parameters: its E-step, with the labeled samples' classes (from 1; 0 is
# no label) put back, and its M-step. It stops as mclust's em does; MclustSSC compares the gain itself with its tolerance.
fit_labeled <- function(X, labels, weights, means, covariances, type, tol, max_iter) {
  D <- ncol(X)
  K <- nrow(means)
  model <- model_of(type, D)
  p <- given_parameters(weights, means, covariances, type, model)
  known <- which(labels > 0)
  Y <- if (D == 1) X[, 1] else X
  before <- -Inf
  converged <- FALSE
  for (steps in seq_len(max_iter)) {
    found <- estep(data = Y, modelName = model, parameters = p)
    log_density <- cdens(data = Y, modelName = model, parameters = p, logarithm = TRUE)
    joint <- log_density + rep(log(p$pro), each = nrow(X))
    top <- joint[cbind(seq_len(nrow(X)), max.col(joint, "first"))]
    each <- top + log(rowSums(exp(joint - top)))
    each[known] <- joint[cbind(known, labels[known])]
    now <- sum(each)
    if (is.na(now)) stop("mclust: a component collapses")
    z <- found$z
    z[known, ] <- diag(K)[labels[known], ]
    if (tol > 0 && now - before <= tol * (1 + abs(now))) {
      converged <- TRUE
      steps <- steps - 1L
      break
    }
    before <- now
    p <- mstep(data = Y, modelName = model, z = z)$parameters
    if (anyNA(p$pro) || anyNA(p$mean)) stop("mclust: a component collapses")
  }
  found_mixture(p, type, model, K, D, steps, converged)
}
