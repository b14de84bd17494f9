"""`python -m flowdeck` is the command line."""

from flowdeck.cli.main import run

run()
