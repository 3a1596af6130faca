"""Planning: from a config and the catalog to everything that will be run. Pure; nothing is written or started."""
