"""The study: configuration, data, fits, protocols, tables and figures. It knows nothing of Snakemake."""
