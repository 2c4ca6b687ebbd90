"""The configuration: YAML files in, one validated `Study` out, or every problem at once."""
