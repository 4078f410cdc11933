"""``python -m sgdsym`` is the command line."""

import sys

from sgdsym.cli import main

sys.exit(main())
