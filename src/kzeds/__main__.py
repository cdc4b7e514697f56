"""`python -m kzeds` and the `kzeds` command."""

from kzeds.cli.app import main

if __name__ == "__main__":
    main()
