"""alb: TLS 1.3, nobody answered by default, a WAF that refuses attacks and lets models through, logs without keys."""

import json
from typing import Any

import pytest

from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "alb"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT_ID}:certificate/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
INPUTS: dict[str, object] = {
    "name": "edge",
    "environment": "staging",
    "vpc_id": "vpc-1",
    "subnet_ids": {"a": "subnet-a", "b": "subnet-b"},
    "certificate_arn": CERTIFICATE,
    "access_logs": {"bucket_name": "hokusai-access-logs-staging", "prefix": "alb/edge"},
    "log_retention_days": 90,
    "log_kms_key_arn": KEY,
}


@pytest.fixture(scope="module")
def defaults(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def changed(plan: ModulePlans) -> Plan:
    changes = {
        "deletion_protection": False,
        "idle_timeout_seconds": 600,
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "waf": {"rate_limit_per_5_minutes": 1000},
        "tags": {"team": "core"},
    }
    return plan(MODULE, INPUTS | changes)


def managed_rules(plan: Plan) -> dict[str, dict[str, Any]]:
    """Managed rule group -> its rule in the web ACL."""
    found = {}
    for rule in plan["aws_wafv2_web_acl.this"]["rule"]:
        for statement in rule["statement"][0]["managed_rule_group_statement"]:
            found[statement["name"]] = rule
    return found


def counted(rule: dict[str, Any]) -> set[str]:
    overrides = rule["statement"][0]["managed_rule_group_statement"][0]["rule_action_override"]
    assert all(override["action_to_use"][0]["count"] for override in overrides)
    return {override["name"] for override in overrides}


def test_the_load_balancer_is_public_protected_and_logged(defaults: Plan) -> None:
    balancer = defaults["aws_lb.this"]
    assert balancer["name"] == defaults.outputs["name"] == "hokusai-edge-staging"
    assert balancer["load_balancer_type"] == "application"
    assert balancer["internal"] is False
    assert set(balancer["subnets"]) == {"subnet-a", "subnet-b"}
    assert balancer["drop_invalid_header_fields"] is True
    assert balancer["desync_mitigation_mode"] in {"defensive", "strictest"}
    assert balancer["enable_deletion_protection"] is True
    assert balancer["enable_waf_fail_open"] is False
    assert balancer["idle_timeout"] == 300
    assert balancer["access_logs"] == [{"bucket": "hokusai-access-logs-staging", "enabled": True, "prefix": "alb/edge"}]


def test_what_may_be_changed_is_changed(changed: Plan) -> None:
    assert changed["aws_lb.this"]["enable_deletion_protection"] is False
    assert changed["aws_lb.this"]["idle_timeout"] == 600
    assert changed["aws_lb_listener.https"]["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
    [rate] = [rule for rule in changed["aws_wafv2_web_acl.this"]["rule"] if rule["name"] == "rate-limit"]
    assert rate["statement"][0]["rate_based_statement"][0]["limit"] == 1000
    tagged = [resource for resource in changed.resources.values() if "tags" in resource.values]
    assert len(tagged) == 6
    assert all(resource["tags"]["team"] == "core" for resource in tagged)


def test_plain_http_only_redirects(defaults: Plan) -> None:
    listener = defaults["aws_lb_listener.http"]
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    [action] = listener["default_action"]
    assert action["type"] == "redirect"
    redirect = action["redirect"][0]
    assert (redirect["status_code"], redirect["protocol"], redirect["port"]) == ("HTTP_301", "HTTPS", "443")
    assert (redirect["host"], redirect["path"], redirect["query"]) == ("#{host}", "/#{path}", "#{query}")


def test_https_has_tls_1_3_and_answers_404_by_default(defaults: Plan) -> None:
    listener = defaults["aws_lb_listener.https"]
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    assert listener["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert listener["certificate_arn"] == CERTIFICATE
    [action] = listener["default_action"]
    assert action["type"] == "fixed-response"
    response = action["fixed_response"][0]
    assert (response["status_code"], response["content_type"]) == ("404", "application/json")
    assert json.loads(response["message_body"])["error_code"] == "ENDPOINT_NOT_FOUND"


def test_there_are_no_other_listeners_and_no_rules_of_the_group(defaults: Plan) -> None:
    assert {listener["port"] for listener in defaults.of_type("aws_lb_listener")} == {80, 443}
    [group] = defaults.of_type("aws_security_group")
    assert group["name"] == "hokusai-alb-edge-staging"
    assert "ingress" not in group.values or group["ingress"] == []
    assert "egress" not in group.values or group["egress"] == []
    assert defaults["aws_lb.this"].unknown["security_groups"] is True  # so it is that group, and not AWS's default one


def test_the_waf_stands_before_the_load_balancer(defaults: Plan) -> None:
    association = defaults["aws_wafv2_web_acl_association.this"]
    assert association.unknown["resource_arn"] is True
    assert association.unknown["web_acl_arn"] is True
    assert defaults["aws_wafv2_web_acl.this"]["scope"] == "REGIONAL"


def test_managed_rules_block_and_what_judges_uploads_counts(defaults: Plan) -> None:
    managed = managed_rules(defaults)
    assert set(managed) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }
    assert all(rule["override_action"] == [{"count": [], "none": [{}]}] for rule in managed.values())
    assert counted(managed["AWSManagedRulesAmazonIpReputationList"]) == set()
    assert counted(managed["AWSManagedRulesKnownBadInputsRuleSet"]) == {
        "JavaDeserializationRCE_BODY",
        "Log4JRCE_BODY",
        "ReactJSRCE_BODY",
    }
    assert counted(managed["AWSManagedRulesCommonRuleSet"]) == {
        # Models are arbitrary bytes, and larger than 8 KB.
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "SizeRestrictions_BODY",
        # Artifacts are called train.log, conf.ini …
        "RestrictedExtensions_QUERYARGUMENTS",
        "RestrictedExtensions_URIPATH",
        # … and a comparison names 100 runs.
        "SizeRestrictions_QUERYSTRING",
    }


def test_too_many_requests_of_one_address_are_answered_429_first(defaults: Plan) -> None:
    acl = defaults["aws_wafv2_web_acl.this"]
    [rate] = [rule for rule in acl["rule"] if rule["name"] == "rate-limit"]
    assert rate["priority"] == min(rule["priority"] for rule in acl["rule"])
    statement = rate["statement"][0]["rate_based_statement"][0]
    assert (statement["limit"], statement["evaluation_window_sec"], statement["aggregate_key_type"]) == (
        6000,
        300,
        "IP",
    )
    response = rate["action"][0]["block"][0]["custom_response"][0]
    assert response["response_code"] == 429
    [body] = acl["custom_response_body"]
    assert body["key"] == response["custom_response_body_key"]
    assert json.loads(body["content"])["error_code"] == "REQUEST_LIMIT_EXCEEDED"


def test_priorities_of_the_waf_are_unique(defaults: Plan) -> None:
    priorities = [rule["priority"] for rule in defaults["aws_wafv2_web_acl.this"]["rule"]]
    assert len(priorities) == len(set(priorities)) == 4


def test_keys_of_clients_are_in_no_log_and_no_sample(defaults: Plan) -> None:
    logging = defaults["aws_wafv2_web_acl_logging_configuration.this"]
    redacted = {field["single_header"][0]["name"] for field in logging["redacted_fields"]}
    assert redacted == {"authorization", "x-api-key"}
    acl = defaults["aws_wafv2_web_acl.this"]
    for holder in [acl.values, *acl["rule"]]:
        assert holder["visibility_config"][0]["sampled_requests_enabled"] is False
        assert holder["visibility_config"][0]["cloudwatch_metrics_enabled"] is True


def test_waf_logs_say_what_was_blocked_or_counted(defaults: Plan) -> None:
    group = defaults["aws_cloudwatch_log_group.waf"]
    assert group["name"] == "aws-waf-logs-hokusai-edge-staging"
    assert group["retention_in_days"] == 90
    assert group["kms_key_id"] == KEY
    [logging_filter] = defaults["aws_wafv2_web_acl_logging_configuration.this"]["logging_filter"]
    assert logging_filter["default_behavior"] == "DROP"
    [kept] = logging_filter["filter"]
    assert (kept["behavior"], kept["requirement"]) == ("KEEP", "MEETS_ANY")
    assert {condition["action_condition"][0]["action"] for condition in kept["condition"]} == {"BLOCK", "COUNT"}


def test_example(plan: ModulePlans) -> None:
    assert plan(MODULE, {}, root="examples/basic")["module.alb.aws_lb.this"]["name"] == "hokusai-edge-staging"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "-x"}, "environment must be lower-case letters, digits and hyphens, 2 to 20 characters"),
        (
            {"name": "registry-of-models", "environment": "development"},
            'called "hokusai-registry-of-models-development", which has 38 characters; AWS allows 32',
        ),
        ({"name": "Edge"}, 'name is "Edge": it must be lower-case letters'),
        ({"subnet_ids": {"a": "subnet-a"}}, "AWS asks for subnets in at least two zones"),
        ({"certificate_arn": "registry.example.com"}, "certificate_arn must be the ARN of a certificate"),
        ({"ssl_policy": "ELBSecurityPolicy-2016-08"}, "nothing older than 1.2"),
        ({"ssl_policy": "ELBSecurityPolicy-TLS13-1-0-2021-06"}, "nothing older than 1.2"),
        ({"idle_timeout_seconds": 4001}, "idle_timeout_seconds is 4001: AWS accepts 1 to 4000"),
        ({"waf": {"rate_limit_per_5_minutes": 5}}, "waf.rate_limit_per_5_minutes is 5: AWS accepts 10"),
        ({"access_logs": {"bucket_name": "logs", "prefix": "/alb"}}, 'access_logs.prefix is "/alb"'),
        ({"access_logs": {"bucket_name": "logs", "prefix": "AWSLogs/x"}}, 'access_logs.prefix is "AWSLogs/x"'),
        ({"log_retention_days": 0}, "log_retention_days is 0: CloudWatch Logs accepts"),
        ({"log_kms_key_arn": "alias/logs"}, "log_kms_key_arn must be the ARN of a KMS key"),
    ],
)
def test_refused(refuse: Refusal, change: dict[str, object], message: str) -> None:
    # With a limit that is refused as well the web ACL is not planned, which would take longer than all the rest.
    refuse(MODULE, INPUTS | {"waf": {"rate_limit_per_5_minutes": 9}} | change, message)
