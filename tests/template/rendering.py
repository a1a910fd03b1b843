"""The template as CloudFormation would carry it out: SAM expanded, conditions decided, references named.

What CloudFormation knows only after deployment stays readable: `<Table.Arn>`, `<Topic>`.
"""

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.transform import Translator

ROOT = Path(__file__).parents[2]
PSEUDO_PARAMETERS = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws-cn",  # anything that spells out "aws" shows up
    "AWS::Region": "cn-north-1",
    "AWS::StackName": "stack",
}
ABSENT = object()


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        value = value.split(".") if name == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


def template() -> dict[str, Any]:
    """The template as it is written."""
    source: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506  # a safe one
    return source


def render(**parameters: str) -> dict[str, dict[str, Any]]:
    """Resources by logical ID, under these parameters and the defaults of the others."""
    source = _with_packaged_code(template())
    values = {name: declared.get("Default", f"<{name}>") for name, declared in source["Parameters"].items()}
    values |= parameters
    expanded = Translator(
        {}, Parser(), boto_session=boto3.Session(region_name=PSEUDO_PARAMETERS["AWS::Region"])
    ).translate(source, {name: value for name, value in values.items() if not isinstance(value, list)})
    resolver = _Resolver(values | PSEUDO_PARAMETERS, expanded["Conditions"])
    return {
        name: resolver.resolve(resource)
        for name, resource in expanded["Resources"].items()
        if resolver.holds(resource.get("Condition"))
    }


def _with_packaged_code(source: dict[str, Any]) -> dict[str, Any]:
    """The translator wants code where `sam package` would have put it."""
    packaged = copy.deepcopy(source)
    for resource in packaged["Resources"].values():
        for key in ("CodeUri", "ContentUri"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = f"s3://code/{resource['Properties'][key]}"
    return packaged


class _Resolver:
    def __init__(self, values: Mapping[str, Any], conditions: Mapping[str, Any]) -> None:
        self._values = values
        self._conditions = conditions

    def holds(self, condition: str | None) -> bool:
        return condition is None or bool(self.resolve(self._conditions[condition]))

    def resolve(self, node: Any) -> Any:  # noqa: C901, PLR0912  # one case an intrinsic function
        match node:
            case {"Ref": "AWS::NoValue"}:
                return ABSENT
            case {"Ref": name}:
                return self._values.get(name, f"<{name}>")
            case {"Condition": str(name)} if len(node) == 1:
                return self.holds(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return f"<{name}.{attribute}>"
            case {"Fn::Sub": [text, mapping]}:
                return self._substitute(text, self.resolve(mapping))
            case {"Fn::Sub": text}:
                return self._substitute(text, {})
            case {"Fn::If": [condition, yes, no]}:
                return self.resolve(yes if self.holds(condition) else no)
            case {"Fn::Equals": [left, right]}:
                return self.resolve(left) == self.resolve(right)
            case {"Fn::Not": [operand]}:
                return not self.resolve(operand)
            case {"Fn::Join": [separator, parts]}:
                resolved = self.resolve(parts)
                return separator.join(resolved) if isinstance(resolved, list) else resolved
            case dict():
                pairs = ((key, self.resolve(value)) for key, value in node.items())
                return {key: value for key, value in pairs if value is not ABSENT}
            case list():
                return [value for value in map(self.resolve, node) if value is not ABSENT]
            case _:
                return node

    def _substitute(self, text: str, mapping: Mapping[str, Any]) -> str:
        known = {**self._values, **mapping}
        return re.sub(r"\$\{([^}]+)}", lambda found: str(known.get(found[1], f"<{found[1]}>")), text)


def of_type(stack: Mapping[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Properties by logical ID of all resources of one type."""
    return {name: resource["Properties"] for name, resource in stack.items() if resource["Type"] == kind}


def statements(role: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All statements that a role holds."""
    return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    """IAM takes one for a list of one."""
    return value if isinstance(value, list) else [value]
