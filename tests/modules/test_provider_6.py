"""The code is valid for provider 6.x too: held against the published schema of 6.x, stored as data.

`infra provider-schema` writes that data anew; where the code uses a type that is not in it, the failure says so.
"""

from pathlib import Path

import pytest

from infra.provider_schema.generated import parse_source
from infra.provider_schema.schema import Schema, load_schema
from infra.provider_schema.violations import violations
from infra.terraform.configuration import configuration_files, declarations


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema()


def test_the_code_keeps_to_6(schema: Schema) -> None:
    files = configuration_files()
    assert len(files) > 50
    assert violations(files, schema) == []


def test_the_stored_schema_is_about_what_is_used(schema: Schema) -> None:
    used = {(item.kind, item.type) for item in declarations(configuration_files()) if item.type.startswith("aws_")}
    assert sorted(set(schema) - used) == [], "no longer used: run `infra provider-schema`"


def test_the_stored_schema_knows_what_everybody_knows(schema: Schema) -> None:
    instance = schema["resource", "aws_db_instance"]
    assert instance.required == {"instance_class"}
    assert {"identifier", "engine_version", "region"} <= instance.optional
    assert {"address", "master_user_secret"} <= instance.computed
    assert {"timeouts", "blue_green_update"} <= set(instance.blocks)
    assert {"default_action", "load_balancer_arn"} <= schema["resource", "aws_lb_listener"].required
    rule = schema["resource", "aws_wafv2_web_acl"].blocks["rule"]
    assert rule is not None
    assert rule.blocks["statement"] is None, "refers to itself, so the published schema leaves it open"
    assert "random_password" in schema["ephemeral", "aws_secretsmanager_random_password"].computed
    assert "name" in schema["data", "aws_region"].deprecated


ROLE = 'resource "aws_iam_role" "this" { \n assume_role_policy = "{}" \n %s \n}'
DYNAMIC = 'dynamic "parameter" { \n for_each = [] \n content { \n name = "a" \n value = "b" \n method = "c" \n} \n}'
GROUP = 'resource "aws_db_parameter_group" "this" { \n family = "postgres16" \n %s \n}'


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("locals { \n a = data.aws_region.current.name \n}", "data.aws_region.*.name is deprecated: use `id`"),
        ('output "a" { \n value = "arn:${data.aws_region.this[0].name}:b" \n}', "data.aws_region.*.name is deprecated"),
        ("locals { \n a = aws_db_instance.this.adress \n}", "aws_db_instance.*.adress does not exist"),
        ('locals { \n a = aws_subnet.this[local.b["c"]].cidr \n}', "aws_subnet.*.cidr does not exist"),
        (
            "locals { \n a = ephemeral.aws_secretsmanager_random_password.b.password \n}",
            "ephemeral.aws_secretsmanager_random_password.*.password does not exist",
        ),
        ('resource "aws_eip" "this" { \n vpc = true \n}', "aws_eip.this: there is no argument vpc"),
        ('resource "aws_kms_alias" "this" { \n name = "alias/a" \n}', "aws_kms_alias.this: target_key_id is required"),
        (ROLE % 'arn = "a"', "aws_iam_role.this: arn can only be read"),
        (
            ROLE % "managed_policy_arns = []",
            "aws_iam_role.this: managed_policy_arns is deprecated: so says hashicorp/aws 5.",
        ),
        (ROLE % 'inline_policy { \n name = "a" \n}', "aws_iam_role.this: block inline_policy is deprecated"),
        (ROLE % "trust { \n}", "aws_iam_role.this: there is no block trust"),
        (GROUP % "parameter = []", "aws_db_parameter_group.this: parameter is a block, written as an argument"),
        (
            'resource "aws_lb_listener" "this" { \n load_balancer_arn = "a" \n default_action = [] \n}',
            "aws_lb_listener.this: default_action is a block, written as an argument",
        ),
        (GROUP % 'parameter { \n name = "a" \n}', "aws_db_parameter_group.this.parameter: value is required"),
        (
            GROUP % DYNAMIC,
            "aws_db_parameter_group.this.parameter: there is no argument method",
        ),
        (
            'resource "aws_s3_bucket_versioning" "this" { \n bucket = "a" \n expected_bucket_owner = "1" \n'
            'versioning_configuration { \n status = "Enabled" \n} \n}',
            "aws_s3_bucket_versioning.this: expected_bucket_owner is deprecated: always the own account",
        ),
        (
            'resource "aws_worklink_fleet" "this" { \n name = "a" \n}',
            "type unknown to the stored schema; run `infra provider",
        ),
    ],
)
def test_a_break_is_found(tmp_path: Path, schema: Schema, code: str, message: str) -> None:
    (tmp_path / "break.tf").write_text(code)
    (found,) = violations([tmp_path / "break.tf"], schema)
    assert found.startswith("break.tf: ")
    assert message in found


def test_what_terraform_itself_adds_is_no_break(tmp_path: Path, schema: Schema) -> None:
    (tmp_path / "right.tf").write_text("""
resource "aws_db_parameter_group" "this" {
  for_each = toset(["16"])
  provider = aws.other

  family = "postgres${each.key}"

  dynamic "parameter" {
    for_each = { "rds.force_ssl" = "1" }
    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  depends_on = [aws_kms_alias.this]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_default_security_group" "this" {
  vpc_id  = "vpc-0a1b2c3d4e5f60718"
  ingress = []
}

resource "terraform_data" "guard" {
  input = aws_db_parameter_group.this["16"].id
}

output "arns" {
  description = "What aws_db_parameter_group.this.adress was called."
  value       = [for group in aws_db_parameter_group.this : group.arn]
}
""")
    assert violations([tmp_path / "right.tf"], schema) == []


def test_the_generated_source_is_read_as_it_is_written() -> None:
    """A cut of what the package holds: a read-only list, a required argument, a block with an open one inside."""
    block = parse_source("""
function thingRuleToHclTerraform(struct) {
    const attrs = {
        statement: {
            value: cdktn.anyToHclTerraform(struct.statement),
            isBlock: false,
            type: "simple",
            storageClassType: "any",
        },
    };
}
class ThingRuleOutputReference extends cdktn.ComplexObject {
    // statement - computed: false, optional: true, required: false
    _statement;
    // weight - computed: false, optional: false, required: true
    _weight;
}
class ThingRuleList extends cdktn.ComplexList {
}
class ThingSecretOutputReference extends cdktn.ComplexObject {
    // arn - computed: true, optional: false, required: false
    get arn() {
}
class Thing extends cdktn.TerraformResource {
    // name - computed: false, optional: false, required: true
    _name;
    // region - computed: true, optional: true, required: false
    _region;
    // secret - computed: true, optional: false, required: false
    _secret = new ThingSecretList(this, "secret", false);
    // rule - computed: false, optional: true, required: false
    _rule = new ThingRuleList(this, "rule", true);
    synthesizeHclAttributes() {
        const attrs = {
            rule: {
                value: cdktn.listMapperHcl(thingRuleToHclTerraform, true)(this._rule.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ThingRuleList",
            },
        };
    }
}
""")
    assert block.as_json() == {
        "required": ["name"],
        "optional": ["region"],
        "computed": ["secret"],
        "blocks": {"rule": {"required": ["weight"], "blocks": {"statement": None}}},
    }
