"""`python -m workers`, run by `intellimatch worker`: a worker that is replaced when it dies."""

import sys

from workers.process import main
from workers.supervisor import Supervisor

if __name__ == "__main__":
    sys.exit(Supervisor(main).run())
