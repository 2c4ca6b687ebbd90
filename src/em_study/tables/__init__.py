"""The published tables: their columns, parts put together, sweeps, and their pages."""
