"""The task catalog: from a task's name to the image and command that run it."""
