"""YAML files and `-o` overrides become one validated `Config`; start at `load.load_config`."""
