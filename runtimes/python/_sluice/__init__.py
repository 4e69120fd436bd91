"""The Python runtime of Sluice. Python 3.7 or newer, nothing but the standard library."""
