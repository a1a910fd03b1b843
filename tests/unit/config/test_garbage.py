"""Whatever a file holds, it is read, or refused in our own words, soon, and without acting on a terminal."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routekeeper.config import limits
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
from tests.unit.config.documents import EXAMPLE, HERE

EVERY_KEY = (HERE / "good" / "every-key.yaml").read_text()
EXAMPLE_JSON = config_file.compiled(EXAMPLE)
GROUPS = """
groups:
  g:
    steering: {type: vpc-route, route_tables: [rtb-01234567], destination: 0.0.0.0/0}
    paths: [{name: a, target: a, instance: i-01234567}, {name: b, instance: i-01234568}]
"""


def targets(text: str) -> str:
    return f"version: 1\ntargets:\n{text}{GROUPS}"


def probing(port: str) -> str:
    return targets(f"  a: {{probes: [{{type: tcp, host: 10.0.1.10, port: {port}}}]}}\n")


def told(text: str, tmp_path: Path, name: str = "failover.yaml") -> list[str]:
    """The problems of a text, without the name of the file."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(ConfigurationError) as refused:
        config_file.check(file)
    lines = str(refused.value).split("\n")
    assert all(line.isprintable() and line.startswith(f"{file}:") for line in lines)
    return [line.removeprefix(f"{file}:") for line in lines]


SIXTIES = "1" + ":59" * 400
YAML = {
    "deep in a flow": (f"version: {'[' * 5000}", "1:41: version[0][0]"),
    "deep in blocks": ("version:\n" + "".join(f"{' ' * n}-\n" for n in range(40)), "nested too deeply"),
    "a flow on one line": ("- " * 9000 + "x", "nested too deeply, expected at most 32 levels"),
    "endless hexadecimal": (probing("0x" + "F" * 6000), "targets.a.probes[0].port: found the number 0xFFF"),
    "endless decimal": (probing("9" * 6000), "3:51: targets.a.probes[0].port: found the number 999"),
    "endless sixties": (probing(SIXTIES), "3:51: targets.a.probes[0].port: found the number 1:59"),
    "endless sixties with a point": (probing(SIXTIES + ".5"), "targets.a.probes[0].port: found the number 1:59"),
    "an escape beyond Unicode": (probing(r'"\UEEEEEEEE"'), "the document: not YAML: an escape or a number here"),
    "half of a pair": (probing(r'"\udead"'), r"targets.a.probes[0].port: found '\udead', expected a whole"),
    "an endless version of YAML": (f"%YAML {'1' * 6000}.1\n---\na: 1\n", "not YAML: "),
    "a tag on a list": (
        targets("  a: {probes: !!python/tuple [{type: tcp, host: r, port: 22}]}\n"),
        "3:15: targets.a.probes: the tag !!python/tuple is not allowed here",
    ),
    "a tag on a mapping": (f"!!omap\n{probing('22')}", "1:1: the document: the tag !!omap is not allowed here"),
    "a tag on a key": (probing("22").replace("  a:", "  !!str a:"), "3:3: targets: the tag !!str is not allowed here"),
    "a tag that fits": (probing("!!int 22"), "port: the tag !!int is not allowed here"),
    "a tag that says nothing": (probing("! 22"), "port: the tag ! is not allowed here"),
    "an object": (probing('!!python/object/apply:os.system ["ls"]'), "the tag !!python/object/apply:os.system is not"),
    "aliases that double": (
        "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(25)),
        "too much in one document, with its aliases written out",
    ),
    "an alias many times": (
        f"a: &a {{{', '.join(f'k{n}: v' for n in range(999))}}}\nb: [{', '.join(['*a'] * 999)}]\n",
        "too much in one document, with its aliases written out",
    ),
    "aliases that go deep": (
        "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(60)),
        "nested too deeply, expected at most 32 levels",
    ),
    "an alias inside its anchor": ("version: &a [*a]\n", "an alias inside its own anchor never ends"),
    "an anchor twice": ("a: &x 1\nb: &x 2\n", "2:4: the document: not YAML: found duplicate anchor 'x'"),
}
JSON = {
    "deep": ("[" * 100_000, "1:33: the document: nested too deeply, expected at most 32 levels"),
    "deeper than a configuration": ("[" * 40 + "]" * 40, "1:33: the document: nested too deeply"),
    "deep behind brackets in a text": (f'{{"[{{": \n{"[" * 40}{"]" * 40}}}', "2:32: the document: nested too deeply"),
    "an endless number": (f'{{"version": {"8" * 6000}}}', " version: found the number 888"),
    "no number": ('{"version": NaN}', " version: found the number nan, expected 1"),
    "half of a pair": (
        EXAMPLE_JSON.replace('"10.0.1.10"', r'"\udead"', 1),
        r".host: found '\udead', expected an IPv4 or IPv6",
    ),
    "half of a pair in a key": (r'{"\udead": 1}', r" \udead: unknown key"),
    "a key twice": ('{"version": 1, "watch": "burst", "watch": "burst"}', " watch: the key stands twice"),
    "a name twice": ('{"targets": {"a": {}, "a": {}}}', " targets.a: the key stands twice"),
}


@pytest.mark.parametrize("case", YAML)
def test_spoilt_yaml_is_refused_in_our_own_words(case: str, tmp_path: Path) -> None:
    text, expected = YAML[case]
    assert expected in "\n".join(told(text, tmp_path))


@pytest.mark.parametrize("case", JSON)
def test_spoilt_json_is_refused_in_our_own_words(case: str, tmp_path: Path) -> None:
    text, expected = JSON[case]
    assert expected in "\n".join(told(text, tmp_path, "failover.json"))


@pytest.mark.parametrize(
    ("written", "reading"),
    [("022", 18), ("0x16", 22), ("0b10110", 22), ("22:22", 1342), ("2_2", 22), ("-022", -18), ("+0x16", 22)],
)
def test_a_number_that_yaml_reads_otherwise_than_people_is_refused(written: str, reading: int, tmp_path: Path) -> None:
    [line] = told(probing(written), tmp_path)
    what_to_write = f'(write that, or "{written}" in quotes as text)'
    found = f"found {written}, which YAML reads as {reading} {what_to_write}"
    assert line == f"3:51: targets.a.probes[0].port: {found}, expected a whole number from 1 to 65535"


@pytest.mark.parametrize("written", ["22", "+22"])
def test_a_decimal_number_is_what_it_seems(written: str, tmp_path: Path) -> None:
    (tmp_path / "failover.yaml").write_text(probing(written))
    assert '"port": 22\n' in config_file.compiled(tmp_path / "failover.yaml")


def test_a_name_that_could_be_a_number_stays_as_written(tmp_path: Path) -> None:
    text = probing("22").replace("  a:", "  022:").replace("target: a", 'target: "022"')
    (tmp_path / "failover.yaml").write_text(text)
    assert list(config_file.load(tmp_path / "failover.yaml").targets) == ["022"]


@pytest.mark.parametrize(("name", "most"), [("large.yaml", limits.FILE_BYTES), ("large.json", limits.COMPILED_BYTES)])
def test_a_file_beyond_the_limit_is_not_even_parsed(name: str, most: int, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text("{" * (most + 1))
    with pytest.raises(ConfigurationError) as refused:
        config_file.check(file)
    assert str(refused.value) == f"{file}: larger than {most // 1024} KB, expected a smaller file"


PROBE = "{type: tcp, host: r, port: 22}"
COUNTS = {
    "targets": (targets("".join(f"  t{n}: {{}}\n" for n in range(501))), "3:3: targets: found 501 targets"),
    "probes": (
        targets(f"  a: {{probes: [{', '.join([PROBE] * 17)}]}}\n"),
        "3:15: targets.a.probes: found a list of 17",
    ),
    "groups": (probing("22") + "".join(f"  g{n}: {{}}\n" for n in range(500)), "6:3: groups: found 501 groups"),
    "paths": (probing("22").replace("paths: [", "paths: [" + "{}, " * 15), "groups.g.paths: found a list of 17"),
    "tables": (
        probing("22").replace("[rtb-01234567]", "[" + ", ".join(f"rtb-{n:08x}" for n in range(1001)) + "]"),
        "groups.g.steering.route_tables: found a list of 1001, expected at most 1000",
    ),
}


@pytest.mark.parametrize("case", COUNTS)
def test_too_many_of_a_kind_are_one_problem(case: str, tmp_path: Path) -> None:
    text, expected = COUNTS[case]
    lines = told(text, tmp_path)
    assert sum("expected at most" in line for line in lines) == 1
    assert any(line.startswith(expected) or f" {expected}" in line for line in lines)


def test_of_many_problems_the_first_are_told_and_the_rest_are_counted(tmp_path: Path) -> None:
    names = [f"  t{n}: {{}}\n" for n in range(100)]
    lines = told(targets("".join(names)), tmp_path)
    assert len(lines) == limits.PROBLEMS_TOLD + 1
    assert lines[0].startswith("3:")
    assert (
        lines[-1] == f" ... and {101 - limits.PROBLEMS_TOLD} more"
    )  # one of the paths names a target that is not there


def test_reading_ends_where_problems_are_without_number(tmp_path: Path) -> None:
    lines = told("".join(f"k{n}: 1\n" for n in range(9000)), tmp_path)
    assert lines[-1] == " ... and 150 more at least: it was read no further"


def test_what_is_too_large_once_compiled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPILED_BYTES", 1024)
    with pytest.raises(ConfigurationError, match=r"failover\.yaml: compiled it is larger than 1 KB, expected less"):
        config_file.check(EXAMPLE)


SNIPPETS = [
    *(part for text, _ in YAML.values() for part in [text[:60]]),
    *"!&*<>|%@`'\"\\{}[],:?-#\t\n\r\x85\u2028\ufeff\x00\x1b\x9b\u202e",
    *(
        "<<: ",
        "- ",
        ": ",
        "? ",
        "---\n",
        "...\n",
        "!!int ",
        "&a ",
        "*a",
        ".inf",
        ".nan",
        "~",
        "=",
        "1e999",
        "0o7",
        "07",
    ),
    *(r'"\x1b[31m"', r'"\u202e"', r'"\udfff"', "%TAG ! !\n", "9" * 5000, "12:30", "2001-01-01", "on", "5d"),
]


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """A good document with something foreign put in, or with something cut out."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 12))
        text = text[:at] + draw(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=5))) + text[at + cut :]
    return text


def check(data: bytes, file: Path) -> None:
    """Read it, and hold what comes of it to what was promised."""
    file.write_bytes(data)
    try:
        checked = config_file.check(file)
    except ConfigurationError as err:
        lines = str(err).split("\n")
        assert all(line.isprintable() and line.startswith(f"{file}:") and len(line) < 2500 for line in lines)
        return
    assert all(line.isprintable() for line in checked.warnings)
    compiled = file.with_name("compiled.json")
    compiled.write_text(checked.compiled, encoding="utf-8")
    assert config_file.load(compiled) == checked.configuration


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("garbage")


@given(st.one_of(st.text().map(str.encode), st.binary()), st.sampled_from(["yaml", "json"]))
@example(b"", "json")
def test_no_text_whatsoever_ends_otherwise_than_in_a_configuration_or_its_problems(
    scratch: Path, data: bytes, suffix: str
) -> None:
    check(data, scratch / f"any.{suffix}")


@given(spoilt(EVERY_KEY))
def test_a_spoilt_configuration_is_refused_or_means_what_its_compiled_form_means(scratch: Path, text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"), scratch / "spoilt.yaml")


@given(spoilt(EXAMPLE_JSON))
def test_a_spoilt_compiled_configuration_is_refused_too(scratch: Path, text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"), scratch / "spoilt.json")


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from([10**400, "x" * 9000, "1d"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)


@given(st.randoms(use_true_random=False), VALUES)
def test_no_value_at_any_place_ends_otherwise(scratch: Path, chance: random.Random, value: object) -> None:
    document = json.loads(EXAMPLE_JSON)
    place = document
    while isinstance(place, (dict, list)) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys)
        if chance.random() < 0.3 or not isinstance(place[key], (dict, list)):
            place[key] = value
            break
        place = place[key]
    check(json.dumps(document).encode(), scratch / "value.json")


@pytest.mark.long
def test_many_names_that_are_almost_right_are_told_soon(tmp_path: Path) -> None:
    """Comparing each thoroughly with each took 19 seconds."""
    names = [f"{'x' * 50}{n}" for n in range(500)]
    paths = ", ".join(f"{{name: p{n}, target: {'x' * 50}{n}y, instance: i-{n:08x}}}" for n in range(16))
    steering = "{type: vpc-route, route_tables: [rtb-01234567], destination: 0.0.0.0/0}"
    groups = "".join(f"  g{n}: {{steering: {steering}, paths: [{paths}]}}\n" for n in range(20))
    text = targets("".join(f"  {name}: {{probes: [{PROBE}]}}\n" for name in names)).partition("groups:")[0]
    begun = time.perf_counter()
    lines = told(f"{text}groups:\n{groups}", tmp_path)
    assert time.perf_counter() - begun < 10
    assert lines[0].endswith(
        f"groups.g0.paths[0].target: there is no target '{'x' * 50}0y', did you mean '{'x' * 50}0'?"
    )
