# Samples of a known mixture, each replicate by a random stream of its own.
RNGkind("L'Ecuyer-CMRG", "Inversion", "Rejection")

# Replicate t (from 0) is drawn by stream first_stream + t; stream 1 is the state that set.seed leaves.
draw <- function(seed, first_stream, replicates, n, weights, means, covariances) {
  K <- nrow(means)
  D <- ncol(means)
  set.seed(seed)
  stream <- .Random.seed
  for (k in seq_len(first_stream - 1)) stream <- parallel::nextRNGStream(stream)
  roots <- lapply(seq_len(K), function(k) {
    if (D == 1) return(sqrt(covariances[k, 1, 1]))
    e <- eigen(covariances[k, , ], symmetric = TRUE)
    e$vectors %*% diag(sqrt(pmax(e$values, 0)), D)
  })
  X <- array(0, c(replicates, n, D))
  classes <- matrix(0L, replicates, n)
  states <- matrix(0L, replicates, length(stream)) # of the generator after a replicate's last number
  for (t in seq_len(replicates)) {
    assign(".Random.seed", stream, envir = .GlobalEnv)
    s <- sample(seq_len(K), n, TRUE, weights)
    # One sample after the other: products of whole matrices may round otherwise.
    for (i in seq_len(n)) X[t, i, ] <- if (D == 1) means[s[i], ] + roots[[s[i]]] * rnorm(1) else means[s[i], ] + drop(roots[[s[i]]] %*% rnorm(D))
    classes[t, ] <- s - 1L
    states[t, ] <- .Random.seed
    stream <- parallel::nextRNGStream(stream)
  }
  list(X = X, classes = classes, states = states)
}
