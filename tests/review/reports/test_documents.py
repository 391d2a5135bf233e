"""What programs read: JSON by its schema, SARIF within GitHub's limits, JUnit."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from infra.repository import ROOT, STACK
from infra.review.gate import Verdict
from infra.review.model import Check, Finding, Review, Severity
from infra.review.reports.json_document import FORMAT_VERSION, json_report
from infra.review.reports.junit import junit_report
from infra.review.reports.sarif import RESULT_LIMIT, sarif_report
from infra.review.reports.sources import Place, Sources, read_sources
from tests.review.reports.samples import ALLOWED, HOSTILE_VERDICT, WAITING, hostile, large, review, typical
from tests.review.reports.strategies import VERDICTS, reviews

_SCHEMA = json.loads((ROOT / "docs/review.schema.json").read_text())
_VALIDATOR = jsonschema.Draft202012Validator(_SCHEMA)
_NOWHERE = Sources({}, Place("environments/stack/main.tf", 1))
_MANY = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _finding(rule: str, where: str, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(rule, "Title", where, severity, "What is wrong.", "What to do.", "checkov")


def _results(report: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(report)["runs"][0]["results"]
    return results


class TestJson:
    @pytest.mark.parametrize(
        ("of", "verdict"),
        [(typical(), WAITING), (hostile(), HOSTILE_VERDICT), (review(), ALLOWED), (large(50), WAITING)],
        ids=["typical", "hostile", "empty", "large"],
    )
    def test_it_fits_its_schema(self, of: Review, verdict: Verdict) -> None:
        _VALIDATOR.validate(json.loads(json_report(of, verdict)))

    @_MANY
    @given(reviews(), VERDICTS)
    def test_any_review_fits_the_schema(self, of: Review, verdict: Verdict) -> None:
        report = json_report(of, verdict)
        assert report.isascii()
        document = json.loads(report)
        document["changes"] = document["changes"][:8]  # the same few kinds again and again
        document["findings"] = document["findings"][:8]
        _VALIDATOR.validate(document)

    def test_the_schema_is_strict(self) -> None:
        """Every property is required and none is unknown, so that the schema cannot fall behind."""
        jsonschema.Draft202012Validator.check_schema(_SCHEMA)
        document = json.loads(json_report(typical(), WAITING))
        for path in (["changes", 0], ["changes", 0, "consequences", 0], ["access", 0, "grant"], ["modules", 0], []):
            for change in ("missing", "unknown"):
                broken = json.loads(json.dumps(document))
                target = broken
                for step in path:
                    target = target[step]
                if change == "missing":
                    target.popitem()
                else:
                    target["unknown"] = 1
                assert not _VALIDATOR.is_valid(broken), (path, change)

    def test_nothing_is_shortened_and_the_verdict_stands_in_it(self) -> None:
        document = json.loads(json_report(hostile(), WAITING))
        assert document["format_version"] == FORMAT_VERSION
        assert document["verdict"]["decision"] == "waits"
        assert any(change["reason"] == "x" * 65_536 for change in document["changes"])

    def test_totals_agree_with_the_lists(self) -> None:
        document = json.loads(json_report(typical(), WAITING))
        totals = document["totals"]
        assert totals["changes"] == len(document["changes"]) == sum(totals["actions"].values())
        assert sum(totals["risks"].values()) == totals["changes"]
        assert document["risk"] == "data-loss"


class TestSarif:
    def test_a_finding_is_shown_where_the_root_calls_the_module(self) -> None:
        found = review(findings=(
            _finding("CKV_1", 'module.alb["edge"].module.x.aws_lb.this["a.b"]'),
            _finding("CKV_2", "environments/stack/services.tf:119"),
            _finding("CKV_3", "data.aws_region.current"),
            _finding("CKV_4", "nowhere.at_all"),
        ))  # fmt: skip
        places = [
            (location["artifactLocation"]["uri"], location["region"]["startLine"])
            for result in _results(sarif_report(found, WAITING, read_sources(STACK, ROOT)))
            for location in [result["locations"][0]["physicalLocation"]]
        ]
        lines = (STACK / "edge.tf").read_text().splitlines()
        assert places[0] == ("environments/stack/edge.tf", lines.index('module "alb" {') + 1)
        assert places[1] == ("environments/stack/services.tf", 119)
        assert places[2][0].startswith("environments/stack/")
        assert places[3][1] == 1
        assert all((ROOT / file).is_file() for file, _ in places)

    def test_blocks_of_a_root_are_found(self, tmp_path: Path) -> None:
        (tmp_path / "a.tf").write_text(
            'module "m" {\n}\n\nresource "aws_s3_bucket" "b" {\n}\ndata "aws_region" "r" {}\ncheck "c" {\n}\n'
            'variable "v" {}\n  module "inner" {}\n'
        )
        sources = read_sources(tmp_path, tmp_path)
        assert {name: place.line for name, place in sources.blocks.items()} == {
            "module.m": 1, "aws_s3_bucket.b": 4, "data.aws_region.r": 6, "check.c": 7, "var.v": 9,
        }  # fmt: skip
        assert sources.place("/etc/passwd.tf:3") == sources.otherwise

    def test_the_most_severe_stay_and_it_says_how_many_go(self) -> None:
        run = json.loads(sarif_report(large(10), WAITING, _NOWHERE))["runs"][0]
        assert len(run["results"]) == RESULT_LIMIT
        levels = [result["level"] for result in run["results"]]
        assert levels == sorted(levels, key=["error", "warning", "note"].index)
        assert levels.count("error") == 3_000
        notification = run["invocations"][0]["toolExecutionNotifications"][0]
        assert notification["message"]["text"].startswith("1,000 less severe results are left out")
        assert run["properties"]["resultsLeftOut"] == 1_000

    def test_every_result_is_one_of_its_own(self) -> None:
        found = review(findings=(_finding("A", "module.m.x.one"), _finding("A", "module.m.x.two")))
        prints = {
            result["partialFingerprints"]["primaryLocationLineHash"]
            for result in _results(sarif_report(found, WAITING, _NOWHERE))
        }
        assert len(prints) == 2

    def test_a_rule_has_the_worst_severity_of_its_findings(self) -> None:
        found = review(findings=(_finding("A", "x", Severity.LOW), _finding("A", "y", Severity.CRITICAL)))
        run = json.loads(sarif_report(found, WAITING, _NOWHERE))["runs"][0]
        (rule,) = run["tool"]["driver"]["rules"]
        assert rule["properties"]["security-severity"] == "9.5"
        assert [result["ruleIndex"] for result in run["results"]] == [0, 0]

    def test_conditions_that_failed_are_results(self) -> None:
        checks = tuple(Check(status, "check", status, ()) for status in ("fail", "error", "unknown", "pass"))
        results = _results(sarif_report(review(checks=checks), WAITING, _NOWHERE))
        assert [result["ruleId"] for result in results] == ["condition-fail", "condition-error"]

    @_MANY
    @given(reviews())
    def test_any_review_has_whole_results(self, of: Review) -> None:
        run = json.loads(sarif_report(of, WAITING, _NOWHERE))["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            assert result["message"]["text"]
            assert "](" not in result["message"]["text"]
            assert rules[result["ruleIndex"]] == result["ruleId"]


class TestJunit:
    def test_each_condition_finding_and_reason_is_a_case(self) -> None:
        suites = {suite.get("name"): suite for suite in ElementTree.fromstring(junit_report(typical(), WAITING))}  # noqa: S314
        counts = {
            name: tuple(int(suite.get(key) or 0) for key in ("tests", "failures", "errors", "skipped"))
            for name, suite in suites.items()
        }
        assert counts == {"conditions": (2, 1, 0, 0), "findings": (2, 2, 0, 0), "gate": (3, 3, 0, 0)}

    def test_an_allowed_plan_passes(self) -> None:
        assert "<failure" not in junit_report(review(), ALLOWED)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [("pass", None), ("fail", "failure"), ("error", "error"), ("unknown", "skipped"), ("?", "error")],
    )
    def test_a_status_nobody_knows_is_no_pass(self, status: str, kind: str | None) -> None:
        root = ElementTree.fromstring(junit_report(review(checks=(Check("a", "check", status, ()),)), ALLOWED))  # noqa: S314
        case = root.find(".//testsuite[@name='conditions']/testcase")
        assert case is not None
        assert [child.tag for child in case] == ([kind] if kind else [])

    @_MANY
    @given(reviews(), VERDICTS)
    def test_any_review_is_xml(self, of: Review, verdict: Verdict) -> None:
        root = ElementTree.fromstring(junit_report(of, verdict).encode())  # noqa: S314
        assert len(root.findall(".//testcase")) == len(of.findings) + len(verdict.reasons) + 1
