"""How asking another service can fail: what decides whether it may be asked again."""


class UpstreamError(Exception):
    """The other service could not be asked, or did not answer as it should."""


class UnreachableError(UpstreamError):
    """No connection came about: nothing was sent."""


class DroppedError(UpstreamError):
    """The connection ended before the first byte of an answer."""


class MalformedError(UpstreamError):
    """What came is not an HTTP response, or one whose end cannot be known."""


class TruncatedError(UpstreamError):
    """The connection ended within a response."""


class TimedOutError(UpstreamError):
    """No answer within the time."""
