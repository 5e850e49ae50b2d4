"""`python -m aggregator.cli`, the same as `filcommun`."""

from aggregator.cli import main

main()
