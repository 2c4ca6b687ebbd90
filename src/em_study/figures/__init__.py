"""Figures: arrays and tables in, matplotlib figures out. Each module is a kind, with its caption."""
