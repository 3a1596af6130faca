"""The engine room of evaldock: configuration, planning, running and results. It knows no screen."""
