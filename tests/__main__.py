"""All tests, in two processes side by side: `python tests`. The suite waits as often as it computes.

Whole Kois are started, and killed, in one of the two alone; each has servers and folders of its own.
"""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

# Scoring computes and starts nothing: it goes with the others, so that both take about as long.
_STARTING: Final = sorted(str(one) for one in Path("tests/workers").iterdir() if one.name != "scoring")
_SHARES: Final = {
    "workers": ["tests/workers", "--ignore=tests/workers/scoring"],
    "others": ["tests", *(f"--ignore={one}" for one in _STARTING)],
}
_ALIKE: Final = ["--durations=25"]


def main() -> int:
    """Run both to their ends, telling what each says as it says it; 0 if both are content."""
    running = {
        share: subprocess.Popen(
            [sys.executable, "-m", "pytest", *chosen, *_ALIKE, *sys.argv[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for share, chosen in _SHARES.items()
    }
    telling = [threading.Thread(target=_tell, args=one) for one in running.items()]
    for thread in telling:
        thread.start()
    for thread in telling:
        thread.join()
    return max(abs(process.wait()) for process in running.values())


def _tell(share: str, process: "subprocess.Popen[str]") -> None:
    for line in process.stdout or ():
        # At once: of a run that is ended from outside, everything up to there is to be read.
        print(f"{share:7} | {line}", end="", flush=True)  # noqa: T201 - what it is there for


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
