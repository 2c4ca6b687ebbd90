# Serve the functions of a script to another program:  Rscript --vanilla serve.R SCRIPT
#
# Each call is a frame on standard input, each answer one on standard output: an int32 count, then so many arrays. An
# array is int32 bytes of its name, int32 kind (0 double, 1 int32, 2 text), int32 number of dimensions, int32 dimensions,
# the name, and the data as R has them (column after column); of text the dimension is its bytes, and a number has none.
# What R returns of length 1 is a number, unless it has dimensions (as.array). A call's first array is the text "call", the
# function's name; the others are its arguments. An answer is the named list that it returns, or the text "error".
input <- file("stdin", "rb")
output <- file("/dev/fd/1", "wb", raw = TRUE)
sink(stderr()) # what packages print is no answer

use <- function(package) {
  if (!suppressWarnings(suppressPackageStartupMessages(require(package, character.only = TRUE, quietly = TRUE)))) {
    stop("R has no package ", package, " (Debian: apt install r-cran-", package, ")", call. = FALSE)
  }
}
problem <- tryCatch(is.null(source(commandArgs(TRUE)[1], chdir = TRUE)), error = conditionMessage)

read_array <- function() {
  head <- readBin(input, "integer", 3)
  dims <- readBin(input, "integer", head[3])
  name <- rawToChar(readBin(input, "raw", head[1]))
  n <- prod(dims)
  value <- switch(head[2] + 1, readBin(input, "double", n), readBin(input, "integer", n), rawToChar(readBin(input, "raw", n)))
  if (head[2] < 2 && length(dims) > 0) dim(value) <- dims
  setNames(list(value), name)
}

write_array <- function(name, value) {
  kind <- if (is.character(value)) 2L else if (is.integer(value) || is.logical(value)) 1L else 0L
  dims <- dim(value)
  value <- switch(kind + 1, value + 0, as.integer(value), charToRaw(enc2utf8(value))) # as.integer forgets dimensions
  if (is.null(dims) && (length(value) != 1 || kind == 2)) dims <- length(value)
  name <- charToRaw(name)
  writeBin(c(length(name), kind, length(dims), dims), output)
  writeBin(name, output)
  writeBin(switch(kind + 1, as.double(value), as.integer(value), value), output)
}

repeat {
  count <- readBin(input, "integer", 1)
  if (length(count) < 1) break
  given <- list()
  for (i in seq_len(count)) given <- c(given, read_array())
  found <- tryCatch(
    if (is.character(problem)) stop(problem) else do.call(given$call, given[names(given) != "call"]),
    error = function(e) list(error = conditionMessage(e))
  )
  writeBin(length(found), output)
  for (name in names(found)) write_array(name, found[[name]])
  flush(output)
}
