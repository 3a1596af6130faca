"""`python -m evaldock.tui` is `evaldock`."""

from .cli.main import main

main()
