"""Our EM and scikit-learn's over the replicates of an experiment."""
