"""`python -m piccolo3.season`."""

import sys

from piccolo3.season.main import main

sys.exit(main())
