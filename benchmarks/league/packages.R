# EM of a package of R, timed inside R:  Rscript --vanilla packages.R PACKAGE PROBLEM
#
# libraries.py has the protocol. The calls are those of the study (src/em_study/data/r); only the package's own EM is
# timed, not what these scripts convert before and after it.
given <- commandArgs(TRUE)
package <- given[1]
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
use <- function(package) suppressPackageStartupMessages(library(package, character.only = TRUE))
source(file.path(here, "../../src/em_study/data/r", paste0(package, ".R")), chdir = TRUE)

file <- file(given[2], "rb")
n_samples <- readBin(file, "integer", 1)
D <- readBin(file, "integer", 1)
K <- readBin(file, "integer", 1)
type <- if (readBin(file, "integer", 1) == 1) "diag" else "full"
X <- matrix(readBin(file, "double", n_samples * D), n_samples, D, byrow = TRUE)
weights <- readBin(file, "double", K)
means <- matrix(readBin(file, "double", K * D), K, D, byrow = TRUE)
covariances <- if (type == "full") aperm(array(readBin(file, "double", K * D * D), c(D, D, K)), c(3, 1, 2)) else
  matrix(readBin(file, "double", K * D), K, D, byrow = TRUE)
close(file)

seconds <- 0
timed <- function(f) {
  force(f)
  function(...) {
    arguments <- list(...)
    begin <- Sys.time()
    value <- do.call(f, arguments)
    seconds <<- seconds + as.numeric(difftime(Sys.time(), begin, units = "secs"))
    value
  }
}
for (name in intersect(c("em", "flexmix", "normalmixEM", "mvnormalmixEM"), getNamespaceExports(package))) {
  assign(name, timed(getExportedValue(package, name))) # which the functions of the script find first
}

output <- file("/dev/fd/1", "w", raw = TRUE)
answer <- function(text) {
  writeLines(text, output)
  flush(output)
}
input <- file("stdin", "r")
sink(stderr()) # what packages print is no answer
answer(sprintf("%s (R %s)", packageVersion(package), getRversion()))
while (length(steps <- readLines(input, 1)) > 0) {
  seconds <- 0
  found <- fit(X, weights, means, covariances, type, 0, as.integer(steps))
  C <- if (type == "full") aperm(found$covariances, c(3, 2, 1)) else t(found$covariances)
  answer(paste(sprintf("%.17g", c(seconds, found$weights, t(found$means), C)), collapse = " "))
}
