"""Logs in CloudWatch: what is asked for, and what becomes of the answer."""

from infra.verification.evidence import LogLine
from infra.verify.aws_logs import CloudWatchLogs
from tests.verification.recorded import RecordedAccount, services, with_definition, with_services

GROUP = "/ecs/hokusai/mlflow/x"
CONFIGURED = {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}}}


def event(message: str, at: int = 1_795_341_600_500) -> dict[str, object]:
    return {"logStreamName": "mlflow/mlflow/1", "timestamp": at, "message": message, "eventId": "1"}


def test_the_groups_of_the_running_services_are_searched_on_every_page() -> None:
    account = with_services(RecordedAccount(), services("mlflow", "auth"))
    with_definition(account, "mlflow", **CONFIGURED)
    with_definition(account, "auth")  # says nothing about its log
    asked = {"logGroupName": GROUP, "startTime": 1_795_341_600_000, "filterPattern": "?FATAL ?Traceback"}
    first = {"events": [event("FATAL: one\n")], "nextToken": "more"}
    account.answers("logs", "filter_log_events", first, **asked)
    account.answers("logs", "filter_log_events", {"events": [event("Traceback", 2)]}, **asked, nextToken="more")
    logs = CloudWatchLogs(account, "hokusai-x", 1_795_341_600.0)
    assert logs.lines(["FATAL", "Traceback"]) == {
        "hokusai-mlflow": [
            LogLine("hokusai-mlflow", "FATAL: one", "mlflow/mlflow/1", 1_795_341_600_500),
            LogLine("hokusai-mlflow", "Traceback", "mlflow/mlflow/1", 2),
        ]
    }
    account.all_asked()


def test_what_follows_a_line_is_read_from_its_stream() -> None:
    account = with_services(RecordedAccount(), services("mlflow"))
    with_definition(account, "mlflow", **CONFIGURED)
    account.answers("logs", "filter_log_events", {"events": [event("Traceback", 7)]})
    printed = [{"timestamp": 7, "message": text} for text in ("before", "Traceback\n", "  File", "ValueError", "next")]
    account.answers(
        "logs",
        "get_log_events",
        {"events": printed},
        logGroupName=GROUP,
        logStreamName="mlflow/mlflow/1",
        startTime=7,
        startFromHead=True,
        limit=20,
    )
    logs = CloudWatchLogs(account, "hokusai-x", 0.0)
    [line] = logs.lines(["Traceback"])["hokusai-mlflow"]
    assert logs.following(line, 2) == ["  File", "ValueError"]
