"""The configuration in YAML: files merged key by key, problems with their lines, and the reference of all keys."""
