"""Serve the reference stack: see the package."""

import argparse
import os

import uvicorn


def main() -> None:
    """Listens on a loopback port until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m bench.reference")
    parser.add_argument("--url", required=True, help="postgresql://..., migrated by manage.py")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cache", type=float, default=0.0, help="seconds that a sign-in is kept")
    asked = parser.parse_args()
    # Workers are processes of their own: what they are to know travels in the environment.
    os.environ |= {"REFERENCE_URL": asked.url, "REFERENCE_CACHE": str(asked.cache)}
    uvicorn.run(
        "bench.reference.app:make_app",
        factory=True,
        host="127.0.0.1",
        port=asked.port,
        workers=asked.workers,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
