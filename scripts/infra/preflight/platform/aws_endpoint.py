"""The AWS endpoint of the tasks: asks the policies about each call, then passes it on to the account.

Stands where the SDKs would find the services' own endpoints; AWS_ENDPOINT_URL leads here. Signatures are not computed
again: a key and token that this run has handed out say who calls.
"""

import asyncio
import re
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform import streaming
from infra.preflight.platform.authorizer import Authorizer
from infra.preflight.platform.aws_calls import Call, Need, needs
from infra.preflight.platform.network import Network
from infra.preflight.platform.permissions import Judgement, Permissions
from infra.preflight.platform.protected import Protected
from infra.preflight.platform.roles import Role
from infra.preflight.platform.sessions import Session, Sessions
from infra.preflight.platform.ways_to_aws import WayToAws

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


class AwsEndpoint:
    """Handles requests of the tasks.

    Args:
        account: answers them.
        network: tells who asks, and whether there is a way to the service.
        permissions: roles.
        protected: what calls are about.
        authorizer: decides.
        sessions: whose keys they are.
    """

    def __init__(  # noqa: PLR0917 - each is a part that others use as well
        self,
        account: EmulatedAccount,
        network: Network,
        permissions: Permissions,
        protected: Protected,
        authorizer: Authorizer,
        sessions: Sessions,
    ) -> None:
        self._account, self._network, self._sessions = account, network, sessions
        self._permissions, self._protected, self._authorizer = permissions, protected, authorizer
        self._session: aiohttp.ClientSession | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One call."""
        scope = _CREDENTIAL.search(request.headers.get("Authorization", "")) or _CREDENTIAL.search(
            "Credential=" + request.query.get("X-Amz-Credential", "")
        )
        if scope is None:
            return _refusal(request, "s3", "MissingAuthenticationToken", "Request is missing Authentication Token")
        service = scope["service"]
        session = self._sessions.of_key(scope["key"])
        given = request.headers.get("X-Amz-Security-Token") or request.query.get("X-Amz-Security-Token")
        if session is None or given != session.token:
            code = "InvalidAccessKeyId" if service == "s3" else "UnrecognizedClientException"
            return _refusal(request, service, code, "The security token included in the request is invalid.")
        way = self._network.way_to_aws(request.remote or "", service)
        if way is None:
            return _silence(request)
        body = None
        if not _is_object(request, service):
            streaming.let_it_come(request)
            body = await request.read()
        call = Call(
            service,
            scope["region"],
            request.method,
            request.raw_path.partition("?")[0],
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            body or b"",
        )
        return await self._decided(request, call, session, way, body)

    async def _decided(
        self, request: web.BaseRequest, call: Call, session: Session, way: WayToAws, body: bytes | None
    ) -> web.StreamResponse:
        role = await asyncio.to_thread(self._permissions.role, session.role_arn)
        if role is None:
            return _refusal(request, call.service, "InvalidClientTokenId", "The role of this session does not exist.")
        wanted = await asyncio.to_thread(needs, call, self._protected)
        refused = self._authorizer.first_refused(role, session.task_id, wanted, way)
        if refused is not None:
            return _refusal(request, call.service, "AccessDenied", _told(session, *refused))
        content = body if body is not None else streaming.request_body(request)
        headers = [each for each in streaming.end_to_end(request.headers.items()) if each[0].lower() != "host"]
        if self._session is None:
            self._session = streaming.new_session()
        answer = await streaming.send(self._session, request, self._account.endpoint, headers, content)
        async with answer:
            self._authorizer.note_answered(role, session.task_id, wanted, answer.status)
            if answer.status == 404 and self._hides_absence(role, call, wanted, way):
                return _refusal(request, "s3", "AccessDenied", "Access Denied")
            return await streaming.pass_on(request, answer)

    def _hides_absence(self, role: Role, call: Call, wanted: list[Need], way: WayToAws) -> bool:
        """S3 says 404 only to those who may list the bucket (API reference of GetObject)."""
        if call.service != "s3" or wanted[0].action not in ("s3:GetObject", "s3:GetObjectVersion"):
            return False
        bucket = wanted[0].resource.partition("/")[0]
        return not self._authorizer.judge(role, Need("s3:ListBucket", bucket, {}, wanted[0].others), way).allowed

    async def close(self) -> None:
        """Close connections to the account."""
        if self._session is not None:
            await self._session.close()


def _is_object(request: web.BaseRequest, service: str) -> bool:
    return service == "s3" and request.method == "PUT"


def _told(session: Session, need: Need, judgement: Judgement) -> str:
    """As AWS words it; SDKs and people look for these words."""
    return (
        f"User: {session.arn} is not authorized to perform: {need.action} on resource: {need.resource} "
        f"because {judgement.reason}"
    )


def _refusal(request: web.BaseRequest, service: str, code: str, message: str) -> web.StreamResponse:
    return streaming.without_its_body(request, _refusal_in_words(request, service, code, message))


def _refusal_in_words(request: web.BaseRequest, service: str, code: str, message: str) -> web.Response:
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return web.Response(status=403, text="" if request.method == "HEAD" else body, content_type="application/xml")
    if "X-Amz-Target" in request.headers:
        name = "AccessDeniedException" if code == "AccessDenied" else code
        return web.json_response({"__type": name, "message": message}, status=400)
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return web.Response(status=403, text=f"<ErrorResponse>{error}</ErrorResponse>", content_type="text/xml")


def _silence(request: web.BaseRequest) -> web.StreamResponse:
    """No way through the network: the connection breaks, as far as a caller can tell."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
