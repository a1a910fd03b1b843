"""What a group remembers of its paths: each flap once, and over moves."""

from dataclasses import replace

from routekeeper.domain.decision import Move
from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import Pause
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.remembering import counted, moved
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from tests.unit.domain.small_world import ASKED, DOWN, NO_IDEA, NOW, UP, choose, group, on, pinned, told


def test_a_flap_is_counted_whatever_is_decided_and_only_once() -> None:
    held = replace(on("vpn"), pin=pinned("vpn"), pause=Pause(NOW + 1, ASKED))
    down = counted(View(group(), held, Verdicts(told(dx=DOWN, vpn=UP)), NOW))
    assert down.paths == {"dx": PathMemory(flaps=Flaps(1000.0, NOW, 1000.0, down=True))}
    assert counted(View(group(), down, Verdicts(told(dx=DOWN, vpn=UP)), NOW + 60)) == down
    assert counted(View(group(), down, Verdicts(told(dx=NO_IDEA, vpn=UP)), NOW + 60)) == down
    up = counted(View(group(), down, Verdicts(told(dx=UP, vpn=UP)), NOW + 60))
    assert up.paths["dx"].flaps is not None
    assert not up.paths["dx"].flaps.down
    again = counted(View(group(), up, Verdicts(told(dx=DOWN, vpn=UP)), NOW + 120)).paths["dx"].flaps
    assert again is not None
    assert again.penalty > 1900


def test_a_move_keeps_what_was_counted() -> None:
    state = counted(View(group(), on("dx"), Verdicts(told(dx=DOWN, vpn=UP)), NOW))
    decision = choose(state, told(dx=DOWN, vpn=UP))
    assert isinstance(decision, Move)
    assert moved(state, decision, NOW).paths == state.paths
