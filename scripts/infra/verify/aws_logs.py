"""Logs in CloudWatch, asked for the few lines that matter: a busy registry prints thousands a minute."""

from collections.abc import Mapping, Sequence

from infra.account.inventory import Clients
from infra.verification.evidence import LogLine
from infra.verification.rollout import services_of


class CloudWatchLogs:
    """What the tasks of a cluster's services have printed since some moment.

    Args:
        account: where they run.
        cluster: name of the cluster.
        began: the moment, seconds since the epoch.
    """

    # The agent sends every few seconds; the search sees an event some seconds later, now and then a minute.
    patience_seconds = 180.0
    settling_seconds = 10.0

    def __init__(self, account: Clients, cluster: str, began: float) -> None:
        self._account, self._cluster, self._began = account, cluster, int(began * 1000)
        self._groups: dict[str, str] = {}  # by log stream

    def lines(self, words: Sequence[str]) -> Mapping[str, list[LogLine]]:
        """See `Logs`."""
        logs = self._account.client("logs")
        found: dict[str, list[LogLine]] = {}
        for service, group in self._log_groups().items():
            # `?a ?b`: events with one of the words
            # (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=self._began, filterPattern=" ".join(f"?{word}" for word in words)
            )
            found[service] = []
            for page in pages:
                for event in page["events"]:
                    self._groups[event["logStreamName"]] = group
                    found[service].append(
                        LogLine(service, event["message"].rstrip("\n"), event["logStreamName"], event["timestamp"])
                    )
        return found

    def following(self, line: LogLine, count: int) -> list[str]:
        """See `Logs`."""
        answer = self._account.client("logs").get_log_events(
            logGroupName=self._groups[line.stream],
            logStreamName=line.stream,
            startTime=line.position,
            startFromHead=True,
            limit=10 * count,
        )
        printed = [event["message"].rstrip("\n") for event in answer["events"]]
        after = printed.index(line.text) + 1 if line.text in printed else 0
        return printed[after : after + count]

    def _log_groups(self) -> dict[str, str]:
        """Where each service's containers say that their logs go."""
        ecs = self._account.client("ecs")
        groups = {}
        for service in services_of(self._account, self._cluster):
            definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            for container in definition["containerDefinitions"]:
                options = container.get("logConfiguration", {}).get("options", {})
                if "awslogs-group" in options:
                    groups[service["serviceName"]] = options["awslogs-group"]
        return groups
