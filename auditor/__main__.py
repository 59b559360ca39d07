"""`python -m auditor` is `auditor`."""

from auditor.interrupting import stop_at_once


def main() -> None:
    """Run the command line."""
    stop_at_once()
    from auditor.cli import main as command

    command(prog_name="auditor")


if __name__ == "__main__":
    main()
