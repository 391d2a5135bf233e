"""What the AWS provider needs and moto 5.2.5 lacks: every gap is filled here, and nowhere else.

Each gap is one registered function. Its docstring names the API call, what AWS answers (with AWS's own page), and what
moto does. `infra account gaps` lists them; tests/account/test_gaps.py holds each one against what AWS documents.
A module of this repository is never weakened because of a gap.
"""

import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.exceptions import UnknownServiceError
from moto.moto_server import werkzeug_app


@dataclass(frozen=True)
class Gap:
    """Something that AWS answers and moto does not.

    Args:
        name: what is missing, in a few words.
        api_call: service and API actions, as in "ecs:CreateService".
        install: fills it in, in this process; called once.
    """

    name: str
    api_call: str
    install: Callable[[], None]


GAPS: list[Gap] = []


def gap(name: str, api_call: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the decorated function as the way in which a gap is filled.

    Args:
        name: what is missing, in a few words.
        api_call: service and API actions.

    Returns:
        A decorator that leaves the function as it is.
    """

    def register(install: Callable[[], None]) -> Callable[[], None]:
        GAPS.append(Gap(name, api_call, install))
        return install

    return register


def install_gaps() -> None:
    """Fill every gap, in this process, before it serves the first request."""
    for each in GAPS:
        each.install()


# --------------------------------------------------------------------------------------------- every service


@gap("unknown actions and services fail at once", "*")
def _fail_at_once() -> None:
    """Any action or service that moto does not have, and any failure inside moto.

    AWS answers 400 for an action that does not exist (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
    errors-overview.html, UnsupportedOperation). moto answers 500, which every AWS SDK retries: the provider for
    minutes. Here the answer is 400 with the code UnsupportedOperation, or EmulationFailure for a failure inside moto,
    in the wire format of the service, so that the run stops within a second and says why.
    """
    application = werkzeug_app.DomainDispatcherApplication
    find_backend = application.get_backend_for_host
    call = application.__call__

    def get_backend_for_host(self: Any, host: str | None) -> Any:
        backend = find_backend(self, host)
        if backend is None and host is not None and host != "moto_api":
            raise NotImplementedError(f"The service behind {host} is not part of the emulated account")
        return backend

    def answer(self: Any, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            body: Iterable[bytes] = call(self, environ, start_response)
            return body
        except NotImplementedError as error:
            code, message = "UnsupportedOperation", f"{error}: moto lacks it, see scripts/infra/account/gaps.py"
        except Exception as error:
            traceback.print_exc()
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}"
            code, message = "EmulationFailure", f"{type(error).__name__} at {place}: {error}"
        content_type, body = error_body(environ, code, message)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("x-amzn-ErrorType", code)]
        start_response("400 Bad Request", headers, sys.exc_info())
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    application.get_backend_for_host = get_backend_for_host
    application.__call__ = answer


def error_body(environ: dict[str, Any], code: str, message: str) -> tuple[str, bytes]:
    """An error in the wire format of the service that a request is for.

    Args:
        environ: the WSGI request; its signature names the service.
        code: AWS error code.
        message: what is wrong.

    Returns:
        Content type and body. Formats: https://smithy.io/2.0/aws/protocols/.
    """
    import json  # noqa: PLC0415
    from xml.sax.saxutils import escape  # noqa: PLC0415

    protocol = _protocol(environ)
    if "json" in protocol:
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "code": code, "message": message}).encode()
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    identifier = "<RequestId>emulated</RequestId>"
    if protocol == "ec2":
        text = f"<Response><Errors>{error}</Errors>{identifier}</Response>"
    elif protocol == "s3":
        text = error
    else:
        text = f"<ErrorResponse>{error}{identifier}</ErrorResponse>"
    return "text/xml", f"<?xml version='1.0' encoding='UTF-8'?>\n{text}".encode()


def _protocol(environ: dict[str, Any]) -> str:
    if "HTTP_X_AMZ_TARGET" in environ or "json" in environ.get("CONTENT_TYPE", ""):
        return "json"
    try:
        signed_for = environ.get("HTTP_AUTHORIZATION", "").split(",")[0].split()[1].split("/")[3]
    except IndexError:
        return "s3"
    if signed_for == "s3":
        return "s3"
    try:
        return str(botocore.session.get_session().get_service_model(signed_for).protocol)
    except UnknownServiceError:
        return "rest-json"
