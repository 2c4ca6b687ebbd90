"""Figures: arrays and tables in, matplotlib figures out. Each is a module with its caption and when it is drawn."""
