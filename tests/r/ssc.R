# mclust's semi-supervised EM, with its own start: labeled samples one-hot (classes from 1; 0 is no label), others 1 / K.
source("../../src/em_study/data/r/mclust.R", chdir = TRUE)

semi_supervised <- function(X, labels, K, type, max_iter) {
  control <- emControl()
  control$tol <- c(-Inf, -Inf)
  control$itmax <- rep(max_iter, 2)
  model <- model_of(type, ncol(X))
  labels[labels == 0] <- NA
  p <- mclust:::MclustSSC.fit(X, class = as.vector(labels), G = K, modelName = model, control = control)$parameters
  found_mixture(p, type, model, K, ncol(X), max_iter, FALSE)
}
