"""The one kind of failure that is told in lines instead of a traceback."""


class ServerError(Exception):
    """A failure that whoever runs the server can mend.

    Args:
        message: what is wrong, where, and what to do; one line a problem, ready for the log, without secrets.
    """
