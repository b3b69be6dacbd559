"""`python -m ops.bench.process NAME …`: runs `main(…)` of a module of the bench in a process with the product loaded."""

import importlib
import sys

import django

if __name__ == "__main__":
    django.setup()
    importlib.import_module(f"ops.bench.{sys.argv[1]}").main(*sys.argv[2:])
