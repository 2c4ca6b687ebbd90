"""The study as a whole: which files it makes, what code and settings make each, and what each step of a run shares."""
