# Which R this is, with which packages.
versions <- function(packages) {
  packages <- intersect(strsplit(packages, " ")[[1]], rownames(installed.packages()))
  found <- c(R = paste(R.version$major, R.version$minor, sep = "."), "R's BLAS" = basename(extSoftVersion()[["BLAS"]]))
  found <- c(found, vapply(packages, function(name) as.character(packageVersion(name)), ""))
  quoted <- encodeString(c(rbind(names(found), found)), quote = '"')
  list(found = paste0("{", paste(quoted[c(TRUE, FALSE)], quoted[c(FALSE, TRUE)], sep = ": ", collapse = ", "), "}"))
}
