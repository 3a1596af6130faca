"""The installed program on a real terminal and a real Docker Engine, as a user meets it."""
