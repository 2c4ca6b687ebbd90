# Mixtures as arrays: weights (K), means (K, D), covariances in scikit-learn's shape of their type.

full_covariances <- function(covariances, type, K, D) { # (D, D, K), whatever the type
  C <- array(covariances, c(D, D, K))
  for (k in seq_len(K)) C[, , k] <- switch(type,
    full = covariances[k, , ], tied = covariances, diag = diag(covariances[k, ], D), spherical = diag(covariances[k], D))
  C
}

as_type <- function(C, type) { # from (D, D, K)
  D <- dim(C)[1]
  K <- dim(C)[3]
  each <- function(k) matrix(C[, , k], D, D)
  variances <- matrix(t(vapply(seq_len(K), function(k) diag(each(k)), numeric(D))), K, D)
  switch(type, full = aperm(C, c(3, 1, 2)), tied = each(1), diag = variances, spherical = as.array(rowMeans(variances)))
}

# What a fit returns; the trace is of the mean log-likelihood.
fitted_mixture <- function(weights, means, C, type, n_iter, converged, ...) {
  list(
    weights = as.array(as.vector(weights)), means = means, covariances = as_type(C, type),
    n_iter = as.integer(n_iter), converged = converged, ...
  )
}

log_joint <- function(X, weights, means, C) { # (N, K), the log of weight times density
  vapply(seq_along(weights), function(k) {
    R <- chol(matrix(C[, , k], ncol(X), ncol(X)))
    Z <- backsolve(R, t(X) - means[k, ], transpose = TRUE)
    log(weights[k]) - colSums(Z * Z) / 2 - sum(log(diag(R))) - ncol(X) / 2 * log(2 * pi)
  }, numeric(nrow(X)))
}

responsibilities <- function(L) {
  E <- exp(L - L[cbind(seq_len(nrow(L)), max.col(L, "first"))])
  E / rowSums(E)
}
