"""The published tables: parts put together, their dictionary, and their pages."""
