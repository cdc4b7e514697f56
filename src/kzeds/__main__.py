"""`python -m kzeds` and the `kzeds` command."""

from kzeds.cli import main

if __name__ == "__main__":
    main()
