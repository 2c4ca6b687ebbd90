# flexmix from the posteriors under given parameters: it takes no others.
use("flexmix")
source("mixture.R")

fit <- function(X, weights, means, covariances, type, tol, max_iter) {
  D <- ncol(X)
  K <- nrow(means)
  start <- log_joint(X, weights, means, full_covariances(covariances, type, K, D))
  model <- if (D == 1) FLXMCnorm1() else FLXMCmvnorm(diagonal = type == "diag")
  # minprior 0: no component is removed for its weight (by default flexmix removes those below 0.05).
  control <- list(tolerance = tol, iter.max = max_iter, minprior = 0, verbose = 0)
  found <- flexmix(if (D == 1) X[, 1] ~ 1 else X ~ 1, k = K, cluster = responsibilities(start), model = model, control = control)
  if (found@k < K) stop("flexmix: it removes ", K - found@k, " of the components")
  each <- lapply(found@components, function(component) component[[1]]@parameters)
  means <- t(vapply(each, function(p) if (D == 1) p$mean else p$center, numeric(D)))
  C <- array(vapply(each, function(p) if (D == 1) p$sd^2 else p$cov, numeric(D * D)), c(D, D, K))
  means <- matrix(means, K, D)
  fitted_mixture(used_weights(found@posterior$unscaled, X, means, C), means, C, type, found@iter, found@converged)
}

# The weights that its last E-step used, by its weights times densities (N, K): those that it returns are of the next step.
used_weights <- function(unscaled, X, means, C) {
  densities <- log_joint(X, rep(1, nrow(means)), means, C)
  nearest <- cbind(max.col(t(unscaled), "first"), seq_len(nrow(means)))
  used <- unscaled[nearest] / exp(densities[nearest])
  used / sum(used)
}
