# Partitions of samples that EM may start from: labels from 0.

r_kmeans <- function(X, K, random) { # a seed, or the state of the generator
  if (length(random) == 1) set.seed(random, "Mersenne-Twister", "Inversion", "Rejection")
  else assign(".Random.seed", as.vector(random), envir = .GlobalEnv)
  list(labels = kmeans(X, K, nstart = 10, iter.max = 200)$cluster - 1L)
}

r_hc <- function(X, K, random) { # which has no random part
  tree <- if (ncol(X) == 1) mclust::hcV(X[, 1], minclus = 1) else mclust::hcVVV(X, minclus = 1)
  list(labels = as.integer(mclust::hclass(tree, K)) - 1L)
}
