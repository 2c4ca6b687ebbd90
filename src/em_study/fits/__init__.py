"""Fits by our EM and by other implementations, over the replicates of an experiment."""
