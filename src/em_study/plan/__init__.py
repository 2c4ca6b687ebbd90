"""The study as a whole: loaded and checked, which files it makes, and what each step of a run shares."""
