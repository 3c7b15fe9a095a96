"""`python -m digestfeed`."""

from digestfeed.cli import main

if __name__ == "__main__":
    main(prog_name="digestfeed")
