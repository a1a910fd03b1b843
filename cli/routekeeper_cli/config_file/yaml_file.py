"""YAML text to a tree with places. The only module that needs PyYAML."""

from __future__ import annotations

from routekeeper.config.problems import Problems
from routekeeper.config.tree import Block, Entry, Listing, Node, Place, Scalar
from routekeeper.domain.errors import ConfigurationError

try:
    import yaml
except ModuleNotFoundError as err:
    raise ConfigurationError(
        "reading YAML needs PyYAML, which comes with `pip install .`; what `routekeeper compile` has written needs none"
    ) from err

_TYPED = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null")}
_PLAIN = _TYPED | {f"tag:yaml.org,2002:{kind}" for kind in ("str", "timestamp", "value")}


def parse(text: str, problems: Problems) -> Node:
    """The document. Text that is not YAML is raised at once, because nothing after it can be read.

    Raises:
        ConfigurationError: not YAML, with line and column.
    """
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        told = " ".join(part for part in (err.context, err.problem) if part)
        problems.add("", f"not YAML: {told}", None if mark is None else _place(mark))
        problems.raise_if_any()
        raise
    except yaml.reader.ReaderError as err:
        before = text[: err.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.add("", f"not YAML: the character #x{int(err.character):04x} is not allowed", place)
        problems.raise_if_any()
        raise
    finally:
        if loader is not None:
            loader.dispose()
    return Scalar(None, Place(1, 1)) if root is None else _Tree(loader, problems).of(root)


class _Tree:
    """Converts each node once. An alias is its anchor's node, however often it is used."""

    def __init__(self, loader: yaml.SafeLoader, problems: Problems) -> None:
        self._loader = loader
        self._problems = problems
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()

    def of(self, node: yaml.Node) -> Node:
        if id(node) in self._open:
            self._problems.add("", "an alias inside its own anchor never ends", _place(node.start_mark))
            return Scalar(None, _place(node.start_mark))
        if id(node) not in self._done:
            self._open.add(id(node))
            self._done[id(node)] = self._convert(node)
            self._open.remove(id(node))
        return self._done[id(node)]

    def _convert(self, node: yaml.Node) -> Node:
        place = _place(node.start_mark)
        match node:
            case yaml.MappingNode():
                return Block(tuple(self._entry(key, value) for key, value in node.value), place)
            case yaml.SequenceNode():
                return Listing(tuple(self.of(item) for item in node.value), place)
            case _:
                return Scalar(self._scalar(node, place), place)

    def _entry(self, key: yaml.Node, value: yaml.Node) -> Entry:
        place = _place(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            self._problems.add("", "a key must be plain text", place)
            return Entry("?", self.of(value), place)
        # The text as written, because a target called `on` is not called true.
        return Entry(str(key.value), self.of(value), place)

    def _scalar(self, node: yaml.Node, place: Place) -> object:
        if node.tag not in _PLAIN:
            self._problems.add("", f"the tag {node.tag} is not allowed here", place)
        if node.tag not in _TYPED:
            return str(node.value)
        try:
            return self._loader.construct_object(node)
        except ValueError:  # an explicit tag on text of another kind, such as `!!int seven`
            return str(node.value)


def _place(mark: yaml.error.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)
