"""What hangs on what, through modules, variables, locals and outputs."""

from typing import Any

from infra.review.blast_radius import modules_of
from infra.review.changes import changes_of
from infra.review.model import ModuleNode
from tests.review.documents import document, entry


def _uses(*references: str) -> dict[str, Any]:
    return {"references": list(references)}


def _resource(address: str, *references: str, **more: Any) -> dict[str, Any]:
    return {"address": address, "expressions": {"x": _uses(*references)}, **more}


def _module(*resources: dict[str, Any], outputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    named = {name: {"expression": _uses(*references)} for name, references in (outputs or {}).items()}
    return {"resources": list(resources), "outputs": named, **more}


def _call(module: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"module": module, **more}


def _nodes(root: dict[str, Any], changed: str, sources: dict[str, str] | None = None) -> dict[str, ModuleNode]:
    entries = [entry(changed, {"a": 1}, {"a": 2}, type="terraform_data")]
    entries += [
        entry(f"module.{name}.terraform_data.x", {"a": 1}, {"a": 1}, type="terraform_data")
        for name in root["module_calls"]
        if not changed.startswith(f"module.{name}")
    ]
    plan = document(*entries, configuration={"root_module": root})
    return {node.name: node for node in modules_of(plan, sources or {}, changes_of(plan))}


def _chain(*, expression: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    each = {name: [f"terraform_data.{name}.id", f"terraform_data.{name}"] for name in "xy"}
    a = _module(_resource("terraform_data.x"), _resource("terraform_data.y"), outputs=outputs or each)
    b = _module(_resource("terraform_data.x", "var.in"))
    return {"module_calls": {"a": _call(a), "b": _call(b, expressions={"in": expression})}}


def test_only_what_uses_the_changed_resource_hangs_on_it() -> None:
    root = _chain(expression=_uses("module.a.x", "module.a"))
    assert _nodes(root, "module.a.terraform_data.x")["b"].affected_by == ("a",)
    # The other output of the same module does not lead there.
    assert _nodes(root, "module.a.terraform_data.y")["b"].affected_by == ()
    assert _nodes(root, "module.a.terraform_data.y")["b"].depends_on == ("a",)


def test_a_whole_module_means_each_of_its_outputs() -> None:
    root = _chain(expression=_uses("module.a"))
    assert _nodes(root, "module.a.terraform_data.y")["b"].affected_by == ("a",)


def test_through_locals_of_locals_and_of_child_modules() -> None:
    sources = {"": 'locals {\n  one = local.two\n  two = {\n    deep = ["${module.a["k"].x}"]\n  }\n}\n'}
    root = _chain(expression=_uses("local.one"))
    assert _nodes(root, "module.a.terraform_data.x", sources)["b"].affected_by == ("a",)
    assert _nodes(root, "module.a.terraform_data.y", sources)["b"].affected_by == ()
    inside = _chain(expression=_uses("module.a.x", "module.a"), outputs={"x": ["local.z"]})
    sources = {"a": "locals {\n  z = terraform_data.y.id\n}\n"}
    assert _nodes(inside, "module.a.terraform_data.y", sources)["b"].affected_by == ("a",)


def test_depends_on_count_and_for_each_of_a_call() -> None:
    for argument in (
        {"depends_on": ["module.a"]},
        {"count_expression": _uses("module.a.x", "module.a")},
        {"for_each_expression": _uses("module.a.x", "module.a")},
    ):
        root = _chain(expression={"constant_value": 1})
        root["module_calls"]["b"] |= argument
        assert _nodes(root, "module.a.terraform_data.x")["b"].affected_by == ("a",), argument


def test_through_nested_modules_with_keys() -> None:
    inner = _module(_resource("terraform_data.x"), outputs={"id": ["terraform_data.x.id", "terraform_data.x"]})
    outer = _module(outputs={"id": ['module.inner["k"].id', "module.inner"]}, module_calls={"inner": _call(inner)})
    user = _module(_resource("terraform_data.x", "var.in"))
    expression = _uses('module.a["one"].id', "module.a")
    root = {"module_calls": {"a": _call(outer), "b": _call(user, expressions={"in": expression})}}
    nodes = _nodes(root, 'module.a["one"].module.inner["k"].terraform_data.x[0]')
    assert nodes["b"].affected_by == ('a["one"]',)
    assert nodes["b"].depends_on == ('a["one"]',)


def test_the_roots_own_resources() -> None:
    root = _chain(expression=_uses("terraform_data.own.id", "terraform_data.own"))
    root["resources"] = [_resource("terraform_data.own", "data.aws_x.d.id", "data.aws_x.d"),
                         _resource("data.aws_x.d", "module.a.x", "module.a")]  # fmt: skip
    nodes = _nodes(root, "terraform_data.own")
    assert nodes["b"].affected_by == ("",)
    assert nodes["b"].depends_on == ("",)
    # A data source only passes on what it depends on.
    assert nodes[""].depends_on == ("a",)


def test_circles_between_modules_end() -> None:
    def part(other: str) -> dict[str, Any]:
        module = _module(
            _resource("terraform_data.x"), _resource("terraform_data.y", "var.in"), outputs={"x": ["terraform_data.x"]}
        )
        return _call(module, expressions={"in": _uses(f"module.{other}.x", f"module.{other}")})

    root = {"module_calls": {"a": part("b"), "b": part("a")}}
    nodes = _nodes(root, "module.a.terraform_data.x")
    assert nodes["b"].affected_by == ("a",)
    assert nodes["a"].affected_by == ()
