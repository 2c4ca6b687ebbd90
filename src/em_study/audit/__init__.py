"""Auditing: the manifest of a run, its verification and comparison, archives, and leftover results."""
