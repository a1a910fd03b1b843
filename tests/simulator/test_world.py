"""The truth that the simulator plays against: lines that lose, an EC2 that misbehaves, a stream that delivers again."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lab.simulator.bans import Ban
from lab.simulator.draw import draw
from lab.simulator.ec2 import UNANSWERED_SECONDS, Call, Ec2, Machine
from lab.simulator.ec2_client import Client, RouteChange, Watch
from lab.simulator.kernel import START, Kernel
from lab.simulator.lines import Bursts, Fate, Line
from lab.simulator.nobody import nobody
from lab.simulator.plan import Kind
from lab.simulator.refusals import THEMES, with_refusals
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.stream import Stream
from lab.simulator.world import World
from routekeeper.bootstrap.clients import Clients


def chance() -> Random:
    return Random(1)  # noqa: S311 - a test replays


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_bursts_take_their_share_of_the_time_and_lose_most_of_it(share: float) -> None:
    bursts = Bursts(share, chance())
    lost = [bursts.loses(second / 10) for second in range(200_000)]
    assert sum(lost) / len(lost) == pytest.approx(share * 0.9, rel=0.1)
    after_a_loss = [later for earlier, later in pairwise(lost) if earlier]
    assert sum(after_a_loss) / len(after_a_loss) > 0.75, "losses come together"


def test_an_answer_after_the_timeout_is_a_loss() -> None:
    line = Line(chance(), delay=5.0)
    assert line.probe(0.0, timeout=0.75).fate is Fate.LOST
    assert line.probe(0.0, timeout=0.75).seconds == 0.75


def test_ec2_is_silent_for_as_long_as_the_application_waits_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    # Botocore's settings as they are merged; its stubs leave out the attributes that are set by name.
    settings: Any = Clients().ec2().meta.config
    waits = settings.connect_timeout + settings.read_timeout
    assert settings.retries["total_max_attempts"] * waits == UNANSWERED_SECONDS


class Desk:
    """A client on an EC2 with one route, for one caller."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.ec2 = Ec2(self.kernel, chance(), {"i-a": Machine(), "i-b": Machine()})
        self.ec2.routes["rtb-1"] = {"0.0.0.0/0": ("InstanceId", "i-a")}
        self.changes: list[RouteChange] = []
        call = Call(self.ec2, nobody, self.kernel.pause)
        self.client = Client(self.ec2, call, Watch(self.changes.append, nobody), {"rtb-1": ("private",)})

    def ask(self, *asks: Any) -> list[Any]:
        """What each call returns or raises, one after the other."""
        answers: list[Any] = []

        def body() -> None:
            for ask in asks:
                try:
                    answers.append(ask())
                except (ClientError, ReadTimeoutError) as error:
                    answers.append(error)

        self.kernel.spawn(body)
        self.kernel.run(self.kernel.now + 1000)
        return answers

    def read(self) -> str:
        found = self.client._tables([{"Values": ["rtb-1"]}])
        return str(found["RouteTables"][0]["Routes"][0]["InstanceId"])

    def shown(self) -> list[dict[str, str]]:
        """The routes of the table."""
        (found,) = self.ask(lambda: self.client._tables([{"Values": ["rtb-1"]}]))
        return list(found["RouteTables"][0]["Routes"])

    def replace(self) -> None:
        self.client.replace_route(RouteTableId="rtb-1", DestinationCidrBlock="0.0.0.0/0", InstanceId="i-b")


def test_ec2_may_go_silent_after_acting_or_before() -> None:
    acted = set()
    for seed in range(20):
        desk = Desk()
        desk.ec2.random.seed(seed)
        desk.ec2.faults.unanswered["private"] = 1.0
        (answer,) = desk.ask(desk.replace)
        assert isinstance(answer, ReadTimeoutError)
        acted.add(desk.ec2.routes["rtb-1"]["0.0.0.0/0"][1])
        assert len(desk.changes) == (desk.ec2.routes["rtb-1"]["0.0.0.0/0"][1] == "i-b")
    assert acted == {"i-a", "i-b"}


def test_a_stale_read_shows_what_was() -> None:
    desk = Desk()
    desk.ec2.faults.stale["private"] = 1e9
    seen = set(desk.ask(desk.replace, *[desk.read] * 20)[1:])
    assert "i-a" in seen
    desk.ec2.faults.stale.clear()
    assert desk.ask(desk.read) == ["i-b"]


def test_one_groups_faults_are_not_anothers() -> None:
    desk = Desk()
    desk.ec2.faults.throttled["other"] = 1.0
    assert desk.ask(desk.read) == ["i-a"]
    desk.ec2.faults.throttled["private"] = 1.0
    (answer,) = desk.ask(desk.read)
    assert answer.response["Error"]["Code"] == "RequestLimitExceeded"


def test_an_instance_that_hangs_stops_only_by_force_and_a_second_force_makes_it_no_later() -> None:
    desk = Desk()
    machine = desk.ec2.machines["i-a"]
    machine.hung = machine.forced_only = True
    desk.ec2.stop("i-a", forced=False, by=None)
    desk.kernel.run(START + 600)
    assert machine.state == "stopping"
    desk.ec2.stop("i-a", forced=True, by=None)
    desk.kernel.run(START + 603)
    desk.ec2.stop("i-a", forced=True, by=None)
    desk.kernel.run(START + 606)
    assert str(machine.state) == "stopped"
    desk.ec2.start("i-a")
    desk.kernel.run(START + 700)
    assert (str(machine.state), machine.hung) == ("running", False)


@pytest.mark.parametrize("path", [{"path": {"S": "dx"}}, {}], ids=["a path", "none yet"])
def test_a_spoilt_item_is_as_it_was_to_the_judge_and_once_it_is_mended(path: dict[str, Any]) -> None:
    world = World(Kernel(), draw(0))
    whole = {"pk": {"S": "GROUP"}, "sk": {"S": "idc"}, **path}
    world.table.place(whole)
    mend = world.spoil("idc")
    spoilt = world.table.group("idc")
    assert spoilt is not None
    assert spoilt != whole
    assert world.unspoilt("idc", spoilt) == whole
    assert mend is not None
    mend()
    assert world.table.group("idc") == whole


def test_what_is_saved_over_a_spoilt_item_is_not_mended() -> None:
    world = World(Kernel(), draw(0))
    item = {"pk": {"S": "GROUP"}, "sk": {"S": "idc"}, "path": {"S": "dx"}}
    world.table.place(item)
    mend = world.spoil("idc")
    world.table.place({**item, "path": {"S": "vpn"}})
    assert mend is not None
    mend()
    assert world.table.group("idc") == {**item, "path": {"S": "vpn"}}


def test_a_batch_with_poison_is_delivered_again_and_then_given_up() -> None:
    kernel = Kernel()
    world = World(kernel, draw(0))
    deliveries: list[float] = []

    def invoke(on_end: Any) -> None:
        deliveries.append(kernel.now - START)
        kernel.after(1.0, lambda: on_end(True))

    stream = Stream(world, chance(), invoke)
    stream.add()
    stream.add(poison=True)
    stream.add()
    kernel.run(START + 100)
    assert len(deliveries) >= 4
    assert stream.waiting == []
    assert not stream.busy


def code(answer: Any) -> str:
    assert isinstance(answer, ClientError)
    return answer.response["Error"]["Code"]


def test_what_is_deleted_is_a_blackhole_and_refused_until_each_cause_is_over() -> None:
    desk = Desk()
    first, second = (Ban("InvalidInstanceID.NotFound", gone=True) for _ in range(2))
    lifts = [desk.ec2.ban("i-b", first), desk.ec2.ban("i-b", second)]
    desk.ec2.routes["rtb-1"]["10.0.0.0/8"] = ("InstanceId", "i-b")
    assert [route["State"] for route in desk.shown()] == ["active", "blackhole"]
    lifts[0]()
    (answer,) = desk.ask(desk.replace)
    assert code(answer) == "InvalidInstanceID.NotFound"
    lifts[1]()
    assert desk.ask(desk.replace) == [None]


def test_a_full_table_takes_no_new_route_and_lets_old_ones_be_replaced() -> None:
    desk = Desk()
    desk.ec2.ban("rtb-1", Ban("RouteLimitExceeded", full=True))

    def create() -> None:
        desk.client.create_route(RouteTableId="rtb-1", DestinationCidrBlock="10.0.0.0/8", InstanceId="i-b")

    replaced, created = desk.ask(desk.replace, create)
    assert replaced is None
    assert code(created) == "RouteLimitExceeded"


def test_the_route_to_a_terminated_instance_names_its_interface_only() -> None:
    desk = Desk()
    desk.ec2.vanishing = True
    desk.ec2.terminate("i-a")
    desk.kernel.run(START + 60)
    (route,) = desk.shown()
    assert (route["NetworkInterfaceId"], route["State"], "InstanceId" in route) == ("eni-i-a", "blackhole", False)


def test_reads_are_late_after_each_write_in_some_worlds() -> None:
    desk = Desk()
    desk.ec2.lag = 1e9
    assert "i-a" in desk.ask(desk.replace, *[desk.read] * 20)[1:]


@pytest.mark.parametrize("theme", THEMES)
def test_worlds_in_which_ec2_refuses_for_good_are_drawn_whole(theme: str) -> None:
    for seed in range(20):
        random = Random(f"{theme} {seed}")  # noqa: S311 - a test replays
        plan = with_refusals(SCENARIOS["cut"].plan(), random, theme)
        assert plan.seconds > max(event.at + event.seconds for event in plan.events if event.kind is not Kind.HANG)
        hops = [
            hop.id for group in plan.configuration.groups.values() for p in group.paths for hop in p.next_hops if hop
        ]
        for event in plan.events:
            assert event.kind not in (Kind.HOP_GONE, Kind.HOP_UNFIT) or event.subject in hops
