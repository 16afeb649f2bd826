"""The command line. Commands are thin: they parse, call one function, and print what it returned."""


def main() -> None:
    """Run the command line; the entry point `synth`."""
    from synth.cli.app import app

    app()
