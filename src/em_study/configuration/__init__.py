"""What may be said in YAML: files merged key by key, every mistake with its line, and the reference."""
