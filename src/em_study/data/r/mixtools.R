# mixtools from given parameters. Where a component collapses it would begin anew at random: that is an error here.
use("mixtools")
source("mixture.R")

# It stops when the log-likelihood's sum gains tol at most. A loss of any size is above the tolerance that takes all steps.
fit <- function(X, weights, means, covariances, type, tol, max_iter) {
  D <- ncol(X)
  K <- nrow(means)
  C <- full_covariances(covariances, type, K, D)
  each <- lapply(seq_len(K), function(k) matrix(C[, , k], D, D))
  settings <- list(k = K, lambda = as.vector(weights), arbvar = type != "tied", epsilon = if (tol == 0) -1e9 else tol, maxit = max_iter)
  found <- if (D == 1) {
    sigma <- sqrt(if (type == "tied") C[1] else C[1, 1, ])
    do.call(normalmixEM, c(list(x = X[, 1], mu = means[, 1], sigma = sigma, maxrestarts = 0), settings))
  } else {
    sigma <- if (type == "tied") each[[1]] else each
    do.call(mvnormalmixEM, c(list(x = X, mu = lapply(seq_len(K), function(k) means[k, ]), sigma = sigma), settings))
  }
  if (found$restarts > 0) stop("mixtools: a component collapses, and it began anew at random")
  C <- array(if (D == 1) rep_len(found$sigma^2, K) else unlist(found$sigma), c(D, D, K))
  n_iter <- length(found$all.loglik) - 1
  fitted_mixture(
    found$lambda, matrix(unlist(found$mu), K, D, byrow = TRUE), C, type, n_iter, n_iter < max_iter,
    trace = as.array(found$all.loglik[seq_len(n_iter)] / nrow(X))
  )
}
