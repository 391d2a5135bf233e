"""What the AWS provider needs and moto 5.2.5 lacks: every gap is filled here, and nowhere else.

Each gap is one registered function. Its docstring names the API call, what AWS answers (with AWS's own page), and what
moto does. `infra account gaps` lists them; tests/account/test_gaps.py holds each one against what AWS documents.
A module of this repository is never weakened because of a gap.

The gaps of a service are filled when the account gets its first request for that service: moto's modules take seconds
to import, all of them together. For the same reason each function imports what it changes.
"""

# ruff: noqa: ANN401, PLC0415 - moto's classes are stood in for by Any; imports wait for the first request

import fnmatch
import functools
import json
import secrets
import string
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from moto.moto_server import werkzeug_app


@dataclass(frozen=True)
class Gap:
    """Something that AWS answers and moto does not.

    Args:
        service: moto's name of the service whose first request fills it; "" for all.
        name: what is missing, in a few words.
        api_call: service and API actions, as in "ecs:CreateService".
        install: fills it in, in this process; called once.
    """

    service: str
    name: str
    api_call: str
    install: Callable[[], None]


GAPS: list[Gap] = []
_filled: set[str] = set()


def gap(service: str, name: str, api_call: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the decorated function as the way in which a gap is filled.

    Args:
        service: moto's name of the service; "" for all.
        name: what is missing, in a few words.
        api_call: service and API actions.

    Returns:
        A decorator that leaves the function as it is.
    """

    def register(install: Callable[[], None]) -> Callable[[], None]:
        GAPS.append(Gap(service, name, api_call, install))
        return install

    return register


def create_application() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Moto's WSGI application, in which every gap is filled before the first request of its service.

    Returns:
        The application of a whole account.
    """
    _fill("")

    def create_app(service: Any) -> Any:
        _fill({"elb": "elbv2"}.get(service, service))  # both answer at the same address
        return werkzeug_app.create_backend_app(service)

    application: Callable[[dict[str, Any], Any], Iterable[bytes]]
    application = werkzeug_app.DomainDispatcherApplication(create_app)
    return application


def _fill(service: str) -> None:
    """Called with the dispatcher's lock held, so each service comes once at a time."""
    if service not in _filled:
        _filled.add(service)
        for each in GAPS:
            if each.service == service:
                each.install()


def _around(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function around a method of moto's; it gets the original as its first argument.

    An error here, at start, says that moto changed: better than a gap that opens again silently.
    """
    original = getattr(owner, name)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def method(self: object, *args: object, **kwargs: object) -> object:
            return function(original, self, *args, **kwargs)

        setattr(owner, name, method)
        return method

    return decorate


def _replace(owner: type, name: str, value: object) -> None:
    """Put something else in the place of what moto has; an error when it no longer has it, as above."""
    if not hasattr(owner, name):
        raise RuntimeError(f"moto has no {owner.__name__}.{name} any more: look at what took its place")
    setattr(owner, name, value)


def _added(owner: type, name: str) -> Callable[[Any], Any]:
    """Add a method that moto lacks; on a response class a snake_case method is an API action."""
    if hasattr(owner, name):
        raise RuntimeError(f"moto has {owner.__name__}.{name} now: remove it from gaps.py, and prove it with the tests")

    def decorate(attribute: Any) -> Any:
        setattr(owner, name, attribute)
        return attribute

    return decorate


# --------------------------------------------------------------------------------------------- every service


@gap("", "unknown actions and services fail at once", "*")
def _fail_at_once() -> None:
    """Any action or service that moto does not have, and any failure inside moto.

    AWS answers 400 for an action that does not exist (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
    errors-overview.html, UnsupportedOperation). moto answers 500, which every AWS SDK retries: the provider for
    minutes. Here the answer is 400 with the code UnsupportedOperation, or EmulationFailure for a failure inside moto,
    in the wire format of the service, so that the run stops within a second and says why.
    """
    dispatcher = werkzeug_app.DomainDispatcherApplication

    @_around(dispatcher, "get_backend_for_host")
    def get_backend_for_host(original: Callable[..., Any], self: Any, host: str | None) -> Any:
        backend = original(self, host)
        if backend is None and host is not None:
            raise NotImplementedError(f"The service behind {host} is not part of the emulated account")
        return backend

    @_around(dispatcher, "__call__")
    def answer(original: Callable[..., Any], self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        try:
            return original(self, environ, start_response)
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


def error_body(environ: dict[str, Any], code: str, message: str) -> tuple[str, bytes]:
    """An error in the wire format of the service that a request is for.

    Args:
        environ: the WSGI request; its content type and signature tell the service's protocol.
        code: AWS error code.
        message: what is wrong.

    Returns:
        Content type and body. Formats: https://smithy.io/2.0/aws/protocols/.
    """
    service = _signed_for(environ)
    kind = environ.get("CONTENT_TYPE", "")
    is_query = kind.startswith("application/x-www-form-urlencoded")
    if not is_query and service not in ("s3", "route53", "cloudfront"):
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "code": code, "message": message}).encode()
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    identifier = "<RequestId>emulated</RequestId>"
    if service == "s3":
        text = error
    elif service == "ec2":
        text = f"<Response><Errors>{error}</Errors>{identifier}</Response>"
    else:
        text = f"<ErrorResponse>{error}{identifier}</ErrorResponse>"
    return "text/xml", f"<?xml version='1.0' encoding='UTF-8'?>\n{text}".encode()


def _signed_for(environ: dict[str, Any]) -> str:
    """The service in a signature's scope (AKIA/20260101/us-east-1/<service>/aws4_request); S3 where there is none."""
    try:
        service: str = environ.get("HTTP_AUTHORIZATION", "").split(",")[0].split()[1].split("/")[3]
    except IndexError:
        return "s3"
    return service


# --------------------------------------------------------------------------------------------- ECS

_SERVICE_DEFAULTS: dict[str, Any] = {
    "availabilityZoneRebalancing": "ENABLED",
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
    "capacityProviderStrategy": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "serviceConnectConfiguration": None,
    "volumeConfigurations": None,
    "deploymentConfiguration": {},
}
_DEPLOYMENT_DEFAULTS = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}


@gap("ecs", "services keep all of their settings", "ecs:CreateService, ecs:UpdateService, ecs:DescribeServices")
def _ecs_service_settings() -> None:
    """Settings of a service beyond the first ones.

    AWS keeps every parameter of CreateService and UpdateService and answers it in DescribeServices
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html). With a capacity provider strategy a
    service has no launch type. moto drops zone rebalancing, ECS-managed tags, ECS Exec, the grace period, the
    deployment configuration with circuit breaker and alarms, and the strategy, and says launch type EC2: each a change
    in every plan, the last one a replacement.
    """
    from moto.ecs.responses import EC2ContainerServiceResponse

    def keep(service: Any, given: dict[str, Any]) -> None:
        for name, default in _SERVICE_DEFAULTS.items():
            if given.get(name) is not None:
                setattr(service, name, given[name])
            elif not hasattr(service, name):
                setattr(service, name, default)
        # What an update leaves out, or says null for, stays; moto keeps just what it was given, and answers that.
        vars(service).pop("deployment_configuration", None)
        said = {name: value for name, value in service.deploymentConfiguration.items() if value is not None}
        service.deploymentConfiguration = _DEPLOYMENT_DEFAULTS | said
        if service.capacityProviderStrategy:
            service.launch_type = None
        for deployment in service.deployments:
            deployment["launchType"] = service.launch_type
            deployment["capacityProviderStrategy"] = service.capacityProviderStrategy

    @_around(EC2ContainerServiceResponse, "create_service")
    def create_service(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        keep(answer.result["service"], json.loads(self.body))
        _reach_desired_count(answer.result["service"])
        return answer

    @_around(EC2ContainerServiceResponse, "update_service")
    def update_service(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        service, given = answer.result["service"], json.loads(self.body)
        keep(service, given)
        if given.get("taskDefinition"):
            _deploy(self.ecs_backend, service, given["taskDefinition"])
        _reach_desired_count(service)
        return answer


def _deploy(backend: Any, service: Any, task_definition: str) -> None:
    """A new revision is a new deployment, and the service names it by its ARN."""
    arn = backend.describe_task_definition(task_definition).arn
    service.task_definition = arn
    for deployment in service.deployments:
        if deployment["taskDefinition"] != arn:
            deployment |= {"taskDefinition": arn, "id": f"ecs-svc/{secrets.randbelow(10**19):019d}"}


def _reach_desired_count(service: Any) -> None:
    """What a healthy service reaches within a minute on AWS: every task runs and the deployment is complete.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html (rolloutState). moto leaves a new
    service pending for ever, so that nothing can wait until it is stable.
    """
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        deployment |= {
            "desiredCount": service.desired_count,
            "runningCount": service.desired_count,
            "pendingCount": 0,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {deployment['id']} completed.",
        }


@gap(
    "ecs",
    "a task definition says when and by whom it was registered",
    "ecs:RegisterTaskDefinition, DescribeTaskDefinition",
)
def _ecs_registered() -> None:
    """Time and person of a revision.

    AWS answers `registeredAt` and `registeredBy`, the ARN of the caller (https://docs.aws.amazon.com/AmazonECS/latest/
    APIReference/API_TaskDefinition.html). moto answers neither.
    """
    from moto.ecs.responses import EC2ContainerServiceResponse

    @_around(EC2ContainerServiceResponse, "register_task_definition")
    def register_task_definition(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        definition = answer.result["taskDefinition"]
        definition.registered_at = time.time()
        # Who everybody is in an emulated account, as sts:GetCallerIdentity says it.
        definition.registered_by = f"arn:aws:sts::{self.current_account}:user/moto"
        return answer


@gap("ecs", "deleted clusters are gone", "ecs:ListClusters")
def _ecs_deleted_clusters() -> None:
    """Clusters after their deletion.

    AWS lists clusters that can be used; a deleted one can at most be described for a while
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html). moto lists it for ever.
    """
    from moto.ecs.models import EC2ContainerServiceBackend

    @_around(EC2ContainerServiceBackend, "list_clusters")
    def list_clusters(original: Callable[..., Any], self: Any) -> list[str]:
        active = {cluster.arn for cluster in self.clusters.values() if cluster.status != "INACTIVE"}
        return [arn for arn in original(self) if arn in active]


@gap(
    "applicationautoscaling",
    "scalable targets have tags",
    "application-autoscaling:RegisterScalableTarget, ListTagsForResource, TagResource, UntagResource",
)
def _scalable_target_tags() -> None:
    """Tags of scalable targets.

    AWS keeps `Tags` of RegisterScalableTarget and has three actions for them
    (https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html). moto drops them and
    has none of the actions; the provider asks for the tags after every read.
    """
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
    from moto.core.exceptions import JsonRESTError

    def tags_of(self: Any) -> dict[str, str]:
        arn = self._get_param("ResourceARN")
        for targets in self.applicationautoscaling_backend.targets.values():
            for target in targets.values():
                if target.arn == arn:
                    return _tags(target)
        raise JsonRESTError("ResourceNotFoundException", f"No scalable target found for resource ARN: {arn}")

    @_around(ApplicationAutoScalingResponse, "register_scalable_target")
    def register_scalable_target(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        target = self.applicationautoscaling_backend.targets[self._get_param("ScalableDimension")]
        _tags(target[self._get_param("ResourceId")]).update(self._get_param("Tags") or {})
        return answer

    @_added(ApplicationAutoScalingResponse, "list_tags_for_resource")
    def list_tags_for_resource(self: Any) -> str:
        return json.dumps({"Tags": tags_of(self)})

    @_added(ApplicationAutoScalingResponse, "tag_resource")
    def tag_resource(self: Any) -> str:
        tags_of(self).update(self._get_param("Tags"))
        return "{}"

    @_added(ApplicationAutoScalingResponse, "untag_resource")
    def untag_resource(self: Any) -> str:
        tags = tags_of(self)
        for key in self._get_param("TagKeys"):
            tags.pop(key, None)
        return "{}"


def _tags(target: Any) -> dict[str, str]:
    if not hasattr(target, "tags"):
        target.tags = {}
    tags: dict[str, str] = target.tags
    return tags


# --------------------------------------------------------------------------------------------- S3

_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_MINIMUM_SIZE = "x-amz-transition-default-minimum-object-size"


@gap("s3", "lifecycle configurations come back as they were put", "s3:PutBucketLifecycleConfiguration")
def _s3_lifecycle() -> None:
    """Lifecycle rules, complete.

    AWS answers the configuration that was put, an ID for every rule, and in a header the minimum object size for
    transitions (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html). moto loses
    the number of versions to keep, object sizes and combined filters; the provider waits until it reads what it put.
    """
    from moto.s3.responses import S3Response

    @_around(S3Response, "_bucket_response_put")
    def put(original: Callable[..., Any], self: Any, request: Any, bucket: str, query: dict[str, Any]) -> Any:
        answer = original(self, request, bucket, query)
        if "lifecycle" not in query:
            return answer
        size = self.headers.get(_MINIMUM_SIZE) or "all_storage_classes_128K"
        self.backend.get_bucket(bucket).lifecycle_document = (_with_rule_ids(self.body), size)
        return 200, {_MINIMUM_SIZE: size}, ""

    @_around(S3Response, "get_bucket_lifecycle")
    def get(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        document = getattr(self.backend.get_bucket(self.bucket_name), "lifecycle_document", None)
        return (200, {_MINIMUM_SIZE: document[1]}, document[0]) if document else answer


@gap("s3", "replication configurations come back as they were put", "s3:PutBucketReplication")
def _s3_replication() -> None:
    """Replication rules, complete.

    AWS answers the configuration that was put (https://docs.aws.amazon.com/AmazonS3/latest/API/
    API_GetBucketReplication.html). moto loses filters, encryption, metrics, replication time and delete markers.
    """
    from moto.s3.responses import S3Response

    @_around(S3Response, "_bucket_response_put")
    def put(original: Callable[..., Any], self: Any, request: Any, bucket: str, query: dict[str, Any]) -> Any:
        answer = original(self, request, bucket, query)
        if "replication" in query:
            self.backend.get_bucket(bucket).replication_document = _with_rule_ids(self.body)
        return answer

    @_around(S3Response, "get_bucket_replication")
    def get(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        document = getattr(self.backend.get_bucket(self.bucket_name), "replication_document", None)
        return (200, {}, document) if document else answer


@gap("s3", "conditions of a bucket policy decide", "every call to an object of a bucket with a policy")
def _s3_policy_conditions() -> None:
    """Bucket policies, statement by statement, with their conditions.

    AWS applies a statement when its conditions hold in the context of the request (https://docs.aws.amazon.com/IAM/
    latest/UserGuide/reference_policies_elements_condition_operators.html); a call to AWS itself comes over TLS 1.3.
    moto ignores conditions, so that a statement against plain HTTP refuses everything. A condition that is not known
    here fails the call rather than being guessed.
    """
    from moto.s3.models import FakeBucket

    @_around(FakeBucket, "get_permission")
    def get_permission(original: Callable[..., Any], self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return original(self, action, resource)
        document = json.loads(self.policy)
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        context = _request_context(self.account_id)
        document["Statement"] = [each for each in statements if _conditions_hold(each.get("Condition", {}), context)]
        return original(SimpleNamespace(policy=json.dumps(document).encode()), action, resource)


@gap("s3", "S3 says why it refuses", "every call to an object of a bucket with a policy")
def _s3_denied() -> None:
    """A request that a bucket policy denies.

    AWS answers 403 with the error AccessDenied (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
    moto answers 403 with nothing in it.
    """
    from moto.s3.responses import S3Response

    @_around(S3Response, "_key_response")
    def key_response(original: Callable[..., Any], self: Any, request: Any, full_url: str) -> Any:
        answer = original(self, request, full_url)
        if answer[0] != 403 or answer[2] or request.method == "HEAD":
            return answer
        error = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        document = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
        return 403, {**answer[1], "content-type": "application/xml"}, document


@gap("s3", "deleting many objects needs the right on each of them", "s3:DeleteObjects")
def _s3_delete_objects() -> None:
    """DeleteObjects by a role that may delete below a prefix.

    AWS wants s3:DeleteObject on every key that is named, deletes what is allowed and answers an error for each of the
    rest (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html). moto wants it on the bucket's ARN,
    which no policy of a prefix gives, and then deletes nothing.
    """
    import xmltodict
    from moto.s3.exceptions import BucketAccessDeniedError
    from moto.s3.responses import S3Response

    @_around(S3Response, "_bucket_response_delete_keys")
    def delete_keys(original: Callable[..., Any], self: Any, bucket_name: str, authenticated: bool = True) -> Any:
        document = xmltodict.parse(self.body, strip_whitespace=False, force_list=("Object",))
        named = document["Delete"].get("Object", [])
        allowed = []
        self.data["Action"] = "DeleteObject"
        for each in named:
            try:
                self._authenticate_and_authorize_s3_action(bucket_name=bucket_name, key_name=each["Key"])
                allowed.append(each)
            except BucketAccessDeniedError:
                continue
        if not allowed:
            return original(self, bucket_name, authenticated=not named)
        document["Delete"]["Object"] = allowed
        self.body = xmltodict.unparse(document)
        status, headers, body = original(self, bucket_name)
        denied = [each["Key"] for each in named if each not in allowed]
        errors = "".join(
            f"<Error><Key>{escape(key)}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            for key in denied
        )
        return status, headers, body.replace("</DeleteResult>", f"{errors}</DeleteResult>")


def _request_context(account_id: str) -> dict[str, str]:
    """The condition keys of the request being served, in lower case; what the request does not have is absent."""
    from flask import has_request_context, request

    context = {"aws:securetransport": "true", "s3:tlsversion": "1.3", "aws:principalaccount": account_id}
    headers: Any = request.headers if has_request_context() else {}
    for header in ("", "-aws-kms-key-id", "-customer-algorithm"):
        value = headers.get(f"x-amz-server-side-encryption{header}")
        if value is not None:
            context[f"s3:x-amz-server-side-encryption{header}"] = value
    for header in ("if-match", "if-none-match"):
        if header in headers:
            context[f"s3:{header}"] = headers[header]
    return context


def _conditions_hold(conditions: dict[str, dict[str, Any]], context: dict[str, str]) -> bool:
    """Whether all conditions of a statement hold."""
    tests: dict[str, Callable[[str, str], bool]] = {
        "ArnEquals": fnmatch.fnmatchcase,
        "ArnLike": fnmatch.fnmatchcase,
        "Bool": lambda value, wanted: value == wanted,
        "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
        "StringEquals": lambda value, wanted: value == wanted,
        "StringLike": fnmatch.fnmatchcase,
    }
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            value, values = context.get(key.lower()), wanted if isinstance(wanted, list) else [wanted]
            if operator == "Null":
                holds = (value is None) == (str(values[0]).lower() == "true")
            elif operator in ("StringNotEquals", "StringNotLike"):
                holds = value is None or not any(
                    tests[operator.replace("Not", "")](value, str(each)) for each in values
                )
            elif operator in tests:
                holds = value is not None and any(tests[operator](value, str(each)) for each in values)
            else:
                raise NotImplementedError(f"condition operator {operator} in a bucket policy")
            if not holds:
                return False
    return True


def _with_rule_ids(document: bytes | str) -> str:
    """A configuration as S3 keeps it: every rule has an ID."""
    root = ElementTree.fromstring(document)  # noqa: S314 - from the own client; moto has parsed it already
    namespace = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    prefix = f"{{{namespace}}}" if namespace else ""
    for rule in root.iter(f"{prefix}Rule"):
        if rule.find(f"{prefix}ID") is None:
            ElementTree.SubElement(rule, f"{prefix}ID").text = uuid.uuid4().hex
    ElementTree.register_namespace("", _S3_NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


@gap("s3", "a folder is listed as long as something in it is there", "s3:ListBucket (ListObjects, ListObjectsV2)")
def _listed_folders() -> None:
    """Common prefixes of a listing with a delimiter in a versioned bucket.

    They stand for objects, and "if the current version of the object is a delete marker, Amazon S3 behaves as if the
    object was deleted" (https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html). moto leaves the
    folder of deleted objects in the listing.
    """
    from moto.s3.models import FakeDeleteMarker, S3Backend

    @_around(S3Backend, "list_objects")
    def list_objects(original: Callable[..., Any], self: Any, bucket: Any, *args: Any, **kwargs: Any) -> Any:
        keys, folders, *rest = original(self, bucket, *args, **kwargs)
        present = [name for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)]
        return keys, [each for each in folders if any(name.startswith(each) for name in present)], *rest


@gap("s3", "any bucket policy that lets S3 deliver logs will do", "s3:PutBucketLogging")
def _s3_logging_permission() -> None:
    """Permission to deliver access logs.

    AWS evaluates the target bucket's policy like any other (https://docs.aws.amazon.com/AmazonS3/latest/userguide/
    enable-server-access-logging.html). moto fails inside on a statement for everybody (`Principal: "*"`, as every
    TLS-only policy has one), and knows neither lists of resources or services nor wildcards in the middle.
    """
    from moto.s3.models import FakeBucket

    def permitted(target_bucket: Any, target_prefix: str | None) -> bool:
        statements = _many(json.loads(target_bucket.policy or "{}").get("Statement"))
        arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
        return any(
            statement["Effect"] == "Allow"
            and isinstance(statement.get("Principal"), dict)
            and "logging.s3.amazonaws.com" in _many(statement["Principal"].get("Service"))
            and any(fnmatch.fnmatchcase("s3:PutObject", action) for action in _many(statement.get("Action")))
            and any(fnmatch.fnmatchcase(arn, resource) for resource in _many(statement.get("Resource")))
            for statement in statements
        )

    _replace(FakeBucket, "_log_permissions_enabled_policy", staticmethod(permitted))


def _many(value: Any) -> list[Any]:
    """A list where IAM's language allows one thing or several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@gap("s3", "unknown parts of a bucket are not taken for the bucket", "s3:DeleteBucketMetricsConfiguration and others")
def _s3_unknown_parts() -> None:
    """Bucket configurations that moto does not have.

    AWS deletes the named configuration (https://docs.aws.amazon.com/AmazonS3/latest/API/
    API_DeleteBucketMetricsConfiguration.html). moto deletes the bucket itself. Here they are refused.
    """
    from moto.s3.responses import S3Response

    unknown = {"metrics", "analytics", "intelligent-tiering", "inventory", "metadataTable", "metadataConfiguration"}

    @_around(S3Response, "_bucket_response_delete")
    def delete(original: Callable[..., Any], self: Any, bucket: str, query: dict[str, Any]) -> Any:
        for part in sorted(unknown & set(query)):
            raise NotImplementedError(f"DELETE of {part} of bucket {bucket}")
        return original(self, bucket, query)


# --------------------------------------------------------------------------------------------- EC2


@gap(
    "ec2",
    "security group rules keep their description",
    "ec2:AuthorizeSecurityGroupIngress, AuthorizeSecurityGroupEgress, ModifySecurityGroupRules",
)
def _security_group_rule_description() -> None:
    """The description of a rule whose other end is a security group or a prefix list.

    AWS keeps the description of every rule (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
    API_SecurityGroupRule.html). moto keeps it only for rules with an address range.
    """
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule

    @_around(SecurityGroupRule, "__init__")
    def init(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}
        self.prefix_list_description = prefix_list.get("Description")

    def description(self: Any) -> str | None:
        of_range, of_group = self.ip_range.get("Description"), self.source_group.get("Description")
        found: str | None = of_range or of_group or self.prefix_list_description
        return found

    _replace(SecurityGroupRule, "description", property(description))

    @_around(SecurityGroupBackend, "modify_security_group_rules")
    def modify(original: Callable[..., Any], self: Any, group_id: str, rules: dict[str, dict[str, str]]) -> Any:
        answer = original(self, group_id, rules)
        group = self.get_security_group_from_id(group_id)
        for rule in (group.get_rule(each) for each in rules):
            if rule.source_group:
                rule.source_group["Description"] = rule.ip_range.pop("Description", None)
            elif rule.prefix_list_id:
                rule.prefix_list_description = rule.ip_range.pop("Description", None)
        return answer


@gap("ec2", "a NAT gateway takes its network interface with it", "ec2:DeleteNatGateway")
def _nat_gateway_interface() -> None:
    """The network interface of a NAT gateway.

    AWS makes it with the gateway, and deletes it and lets go of the address with it (https://docs.aws.amazon.com/AWSEC2/
    latest/APIReference/API_DeleteNatGateway.html). moto leaves it behind, with the address on it.
    """
    from moto.ec2.models.nat_gateways import NatGatewayBackend

    @_around(NatGatewayBackend, "delete_nat_gateway")
    def delete_nat_gateway(original: Callable[..., Any], self: Any, nat_gateway_id: str) -> Any:
        gateway = original(self, nat_gateway_id)
        interface = gateway._eni.id
        for address in self.describe_addresses():
            if address.eni is not None and address.eni.id == interface:
                self.disassociate_address(association_id=address.association_id)
        if interface in self.enis:
            self.enis[interface].attachment_id = None
            self.delete_network_interface(interface)
        return gateway


# --------------------------------------------------------------------------------------------- KMS, logs


@gap("kms", "key rotation has a period", "kms:EnableKeyRotation, kms:GetKeyRotationStatus")
def _kms_rotation_period() -> None:
    """The rotation period of a key.

    AWS keeps `RotationPeriodInDays`, 365 unless said otherwise, and answers it with the next date
    (https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html). moto knows only on and off.
    """
    from moto.kms.responses import KmsResponse

    @_around(KmsResponse, "enable_key_rotation")
    def enable_key_rotation(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        key.rotation_period = self._get_param("RotationPeriodInDays") or getattr(key, "rotation_period", 365)
        return answer

    @_around(KmsResponse, "get_key_rotation_status")
    def get_key_rotation_status(original: Callable[..., Any], self: Any) -> str:
        status = json.loads(original(self))
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        if status["KeyRotationEnabled"]:
            days = getattr(key, "rotation_period", 365)
            status |= {"RotationPeriodInDays": days, "NextRotationDate": int(time.time()) + days * 86400}
        return json.dumps(status | {"KeyId": key.arn})


@gap("logs", "log groups have a class", "logs:CreateLogGroup, logs:DescribeLogGroups")
def _log_group_class() -> None:
    """The class of a log group.

    AWS keeps `logGroupClass`, STANDARD unless said otherwise (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/
    APIReference/API_LogGroup.html). moto drops it, and the provider replaces the group.
    """
    from moto.logs.models import LogGroup
    from moto.logs.responses import LogsResponse

    @_around(LogsResponse, "create_log_group")
    def create_log_group(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        group.log_group_class = self._get_param("logGroupClass") or "STANDARD"
        return answer

    @_around(LogGroup, "to_describe_dict")
    def to_describe_dict(original: Callable[..., Any], self: Any) -> dict[str, Any]:
        return {**original(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


@gap("logs", "the key of a log group can be changed", "logs:AssociateKmsKey, logs:DisassociateKmsKey")
def _log_group_key() -> None:
    """A key for a log group that is there already.

    AWS takes it by the group's name and answers nothing (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/
    APIReference/API_AssociateKmsKey.html). moto knows neither call.
    """
    from moto.logs.exceptions import ResourceNotFoundException
    from moto.logs.responses import LogsResponse

    def change(self: Any, key: str | None) -> str:
        group = self.logs_backend.groups.get(self._get_param("logGroupName"))
        if group is None:
            raise ResourceNotFoundException
        group.kms_key_id = key
        return ""

    @_added(LogsResponse, "associate_kms_key")
    def associate(self: Any) -> str:
        return change(self, self._get_param("kmsKeyId"))

    @_added(LogsResponse, "disassociate_kms_key")
    def disassociate(self: Any) -> str:
        return change(self, None)


@gap("cloudwatch", "a new alarm has no data yet", "cloudwatch:PutMetricAlarm, cloudwatch:DescribeAlarms")
def _alarm_state() -> None:
    """The state of an alarm that nothing has evaluated.

    AWS sets a new alarm to INSUFFICIENT_DATA and leaves the state of one that is updated as it is
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html). moto says OK, also after
    an update: a check of the alarms would pass on what nobody has looked at.
    """
    from moto.cloudwatch.models import CloudWatchBackend

    @_around(CloudWatchBackend, "put_metric_alarm")
    def put_metric_alarm(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        known = self.alarms.get(kwargs["name"])
        alarm = original(self, *args, **kwargs)
        alarm.state_value = known.state_value if known else "INSUFFICIENT_DATA"
        if known:
            alarm.state_reason, alarm.state_updated_timestamp = known.state_reason, known.state_updated_timestamp
        return alarm


# --------------------------------------------------------------------------------------------- RDS

# As long as a certificate of rds-ca-rsa2048-g1 may be: RDS takes a year.
_DATABASE_CERTIFICATE = timedelta(days=365)


@gap("rds", "database instances keep all of their settings", "rds:CreateDBInstance, rds:DescribeDBInstances")
def _db_instance() -> None:
    """Identity and Performance Insights of a database instance.

    AWS gives each instance a resource id of its own and answers the Performance Insights settings
    (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html). moto has one resource id for all,
    by which the provider finds the wrong one, and drops the settings.
    """
    from moto.rds.models import DBInstance

    @_around(DBInstance, "__init__")
    def init(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        alphabet = string.ascii_uppercase + string.digits
        self.dbi_resource_id = "db-" + "".join(secrets.choice(alphabet) for _ in range(26))
        if self.engine == "postgres":
            self.license_model = "postgresql-license"
        self.enable_performance_insights = kwargs.get("enable_performance_insights") or False
        self.performance_insights_kms_key_id = kwargs.get("performance_insights_kms_key_id")
        days = kwargs.get("performance_insights_retention_period")
        self.performance_insights_retention_period = days or (7 if self.enable_performance_insights else None)

    # ModifyDBInstance sets each of its parameters as an attribute; only the answer has another name.
    _added(DBInstance, "performance_insights_enabled")(property(lambda self: self.enable_performance_insights))


@gap("rds", "a changed subnet group stays", "rds:ModifyDBSubnetGroup")
def _db_subnet_group() -> None:
    """A subnet group after a change.

    AWS answers the changed group, which is there afterwards (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
    API_ModifyDBSubnetGroup.html). moto takes it out of the account and forgets to put it back.
    """
    from moto.rds.models import RDSBackend

    @_around(RDSBackend, "modify_db_subnet_group")
    def modify(original: Callable[..., Any], self: Any, subnet_name: str, *args: Any, **kwargs: Any) -> Any:
        changed = original(self, subnet_name, *args, **kwargs)
        self.subnet_groups[subnet_name] = changed
        return changed


@gap("rds", "a database instance has a certificate", "rds:CreateDBInstance, rds:DescribeDBInstances")
def _db_certificate() -> None:
    """The certificate of an instance, and until when it is valid.

    AWS answers `CertificateDetails` (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CertificateDetails.html);
    an instance's certificate is made when it is, or when its CA is changed, for as long as that CA allows. moto answers
    only the name of the CA.
    """
    from moto.rds.models import DBInstance

    def certificate_details(self: Any) -> dict[str, Any]:
        ends = getattr(self, "certificate_valid_till", None) or datetime.now(UTC) + _DATABASE_CERTIFICATE
        self.certificate_valid_till = ends
        return {"CAIdentifier": self.ca_certificate_identifier, "ValidTill": ends}

    _added(DBInstance, "certificate_details")(property(certificate_details))


@gap("rds", "the managed master password is a real one", "rds:CreateDBInstance with ManageMasterUserPassword")
def _master_user_secret() -> None:
    """The secret in which RDS keeps the master password.

    AWS stores the instance's own user name and a random password (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/
    rds-secrets-manager.html). moto stores admin and a constant.
    """
    from moto.rds.models import MasterUserSecret

    @_around(MasterUserSecret, "_generate_secret_string")
    def generate(_original: Callable[..., Any], self: Any) -> str:
        password = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(28))
        return json.dumps({"username": self.resource.master_username, "password": password})


@gap(
    "rds", "parameter groups say which parameters are the user's", "rds:DescribeDBParameters, rds:ResetDBParameterGroup"
)
def _db_parameters() -> None:
    """The source of a parameter, and resetting it.

    AWS answers `Source: user` for what was modified and takes it as a filter (https://docs.aws.amazon.com/AmazonRDS/
    latest/APIReference/API_DescribeDBParameters.html). moto answers no source, so the provider sets every parameter
    again in each plan; and it cannot take one back.
    """
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    @_around(RDSResponse, "describe_db_parameters")
    def describe_db_parameters(original: Callable[..., Any], self: Any) -> Any:
        answer = original(self)
        parameters = [{**parameter, "Source": "user"} for parameter in answer.result["Parameters"]]
        wanted = self.params.get("Source")
        return ActionResult({"Parameters": parameters if wanted in (None, "user") else []})

    @_added(RDSResponse, "reset_db_parameter_group")
    def reset_db_parameter_group(self: Any) -> Any:
        name = self.params["DBParameterGroupName"]
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        if self.params.get("ResetAllParameters"):
            group.parameters.clear()
        for parameter in self.params.get("Parameters") or []:
            group.parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"DBParameterGroupName": group.name})


# --------------------------------------------------------------------------------------------- Route 53, load balancers


@gap("route53", "a zone with a VPC is private", "route53:CreateHostedZone")
def _private_zone() -> None:
    """Private hosted zones.

    AWS makes a private zone where the request names a VPC (https://docs.aws.amazon.com/Route53/latest/APIReference/
    API_CreateHostedZone.html). moto goes by `HostedZoneConfig.PrivateZone` alone and forgets the VPC.
    """
    from moto.route53.responses import Route53

    @_around(Route53, "create_hosted_zone")
    def create_hosted_zone(original: Callable[..., Any], self: Any) -> Any:
        if self._get_param("VPC.VPCId"):
            self.params.setdefault("HostedZoneConfig", {})["PrivateZone"] = True
        return original(self)


@gap(
    "servicediscovery",
    "a namespace has its hosted zone, from its start to its end",
    "servicediscovery:CreatePrivateDnsNamespace, servicediscovery:DeleteNamespace",
)
def _namespace_zone() -> None:
    """The hosted zone behind a namespace.

    AWS makes a private zone of the namespace's name in its VPC, and deletes it with the namespace, which it refuses to
    delete while it has services (https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteNamespace.html). moto's
    zone has another name and no VPC and stays for ever, and a namespace goes with its services in it.
    """
    from moto.core.exceptions import JsonRESTError
    from moto.route53.models import route53_backends
    from moto.servicediscovery.models import ServiceDiscoveryBackend

    def zones(self: Any) -> dict[str, Any]:
        found: dict[str, Any] = route53_backends[self.account_id][self.partition].zones
        return found

    @_around(ServiceDiscoveryBackend, "create_private_dns_namespace")
    def create(original: Callable[..., Any], self: Any, **kwargs: Any) -> Any:
        operation = original(self, **kwargs)
        namespace = self.namespaces[self.operations[operation].targets["NAMESPACE"]]
        zone = zones(self)[namespace.dns_properties["HostedZoneId"].rpartition("/")[2]]
        zone.name = f"{namespace.name}."
        zone.add_vpc(namespace.vpc, self.region_name)
        for record in zone.rrsets:
            record.name = zone.name
        namespace.dns_properties["HostedZoneId"] = zone.resource_id
        return operation

    @_around(ServiceDiscoveryBackend, "delete_namespace")
    def delete(original: Callable[..., Any], self: Any, namespace_id: str) -> Any:
        namespace = self.namespaces.get(namespace_id)
        if any(service.namespace_id == namespace_id for service in self.services.values()):
            raise JsonRESTError("ResourceInUse", f"Namespace {namespace_id} has services: delete them first.")
        operation = original(self, namespace_id)
        zones(self).pop(str((namespace.dns_properties or {}).get("HostedZoneId")), None)
        return operation


@gap("elbv2", "deletion protection of load balancers is enforced", "elasticloadbalancing:DeleteLoadBalancer")
def _load_balancer_protection() -> None:
    """Deleting a protected load balancer.

    AWS refuses with OperationNotPermitted (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/
    API_DeleteLoadBalancer.html). moto deletes it.
    """
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.models import ELBv2Backend

    @_around(ELBv2Backend, "delete_load_balancer")
    def delete_load_balancer(original: Callable[..., Any], self: Any, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
            message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            raise ELBClientError("OperationNotPermitted", message)
        original(self, arn)
