"""`python -m framebus` is the `framebus` command."""

import sys

from framebus.cli import main

if __name__ == "__main__":
    sys.exit(main())
