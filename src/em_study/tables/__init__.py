"""The published tables: joining their parts, the data dictionary, and their pages in the report."""
