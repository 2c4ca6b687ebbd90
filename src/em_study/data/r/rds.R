# Columns of a data frame in a file of R's own.

# Names, and the values of text, are parted by U+001F, as a text is.
read_columns <- function(path, numbers, words) {
  table <- readRDS(path)
  if (!is.data.frame(table)) stop("must hold a data frame, not ", class(table)[1])
  table <- as.data.frame(table)
  numbers <- strsplit(numbers, "\x1f", fixed = TRUE)[[1]]
  words <- strsplit(words, "\x1f", fixed = TRUE)[[1]]
  for (name in setdiff(c(numbers, words), names(table))) stop("has no column '", name, "'. Allowed: ", toString(names(table)))
  for (name in numbers) if (!is.numeric(table[[name]])) stop("column '", name, "': must hold numbers, not ", class(table[[name]])[1])
  text <- vapply(words, function(name) paste(as.character(table[[name]]), collapse = "\x1f"), "")
  list(numbers = matrix(as.double(unlist(table[numbers])), nrow(table)), words = paste(text, collapse = "\x1f"))
}
