"""Everything a terminal user touches: commands, reporters, exit codes."""
