"""The one kind of failure that a person is told about in a sentence instead of a traceback."""


class InfraError(Exception):
    """A failure with one clear message: what is wrong, where, and what to do.

    Args:
        message: the whole message, ready for the terminal; may have several lines.
        exit_code: what the command exits with; never 0.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
