"""What may be said in YAML: its schema, files merged key by key, and every mistake in words."""
