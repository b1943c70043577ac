"""The pages for people from other frameworks have all their names, and only real ones of ours."""

import builtins
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Deferred,
    Future,
    Task,
    TaskGroup,
)
from rnd_actors.inspection import Trace
from rnd_actors.registry import Registry, Topic
from rnd_actors.routing import Pool
from rnd_actors.state_machine import StateMachine
from tests.test_docs_site import MODULES

GUIDE: Final = Path(__file__).parents[1] / "docs" / "guide"
ERLANG: Final = "coming-from-erlang-and-elixir"
AKKA: Final = "coming-from-akka"
PYKKA: Final = "coming-from-pykka"

_GEN: Final = """start start_link start_monitor stop call cast reply send_request receive_response
    wait_response check_response reqids_new reqids_add reqids_size reqids_to_list enter_loop"""

THEIRS: Final = {
    (ERLANG, "supervisor"): """start_link init start_child restart_child terminate_child
        delete_child which_children which_child get_childspec count_children check_childspecs stop
        id start restart shutdown significant type modules strategy intensity period auto_shutdown
        permanent transient temporary brutal_kill infinity one_for_one one_for_all rest_for_one
        simple_one_for_one ignore already_started""",
    (ERLANG, "Supervisor"): """start_link init child_spec start_child restart_child terminate_child
        delete_child which_children count_children stop strategy max_restarts max_seconds
        auto_shutdown significant ignore""",
    (ERLANG, "DynamicSupervisor"): """start_link init child_spec start_child terminate_child
        which_children count_children stop max_children max_restarts max_seconds
        extra_arguments""",
    (ERLANG, "PartitionSupervisor"): """start_link child_spec partitions resize! which_children
        count_children stop with_arguments via""",
    (ERLANG, "gen_server"): f"""{_GEN} multi_call abcast init handle_call handle_cast handle_info
        handle_continue terminate code_change format_status noreply timeout continue hibernate""",
    (ERLANG, "GenServer"): """start start_link stop call cast multi_call abcast reply whereis init
        handle_call handle_cast handle_info handle_continue terminate code_change format_status
        noreply timeout continue hibernate""",
    (ERLANG, "gen_statem"): f"""{_GEN} init callback_mode state_functions handle_event_function
        handle_event state_enter terminate code_change format_status next_state keep_state
        keep_state_and_data repeat_state repeat_state_and_data stop_and_reply postpone next_event
        timeout state_timeout hibernate change_callback_module push_callback_module
        pop_callback_module""",
    (ERLANG, "sys"): """get_state get_status replace_state suspend resume trace log log_to_file
        get_log install remove no_debug statistics terminate change_code handle_system_msg
        handle_debug debug_options get_debug print_log system_continue system_terminate
        system_get_state system_replace_state system_code_change""",
    (ERLANG, "pg"): """start start_link join leave get_members get_local_members which_groups
        which_local_groups monitor monitor_scope demonitor""",
    (ERLANG, "Registry"): """start_link child_spec register unregister unregister_match lookup keys
        dispatch match select count count_match count_select values update_value meta put_meta
        delete_meta lock listeners via""",
    (ERLANG, "Task"): """async start start_link await await_many yield yield_many shutdown ignore
        completed async_stream child_spec max_concurrency ordered timeout on_timeout
        zip_input_on_exit""",
    (ERLANG, "Task.Supervisor"): """start_link child_spec async async_nolink async_stream
        async_stream_nolink start_child children terminate_child max_children""",
    (ERLANG, "Agent"): """start start_link child_spec get update get_and_update cast stop""",
    (
        AKKA,
        "Behaviors",
    ): """Behavior AbstractBehavior onMessage onSignal setup receive receiveMessage
        receivePartial receiveMessagePartial receiveSignal same unhandled stopped empty ignore
        supervise withTimers withStash withMdc monitor logMessages intercept transformMessages
        narrow""",
    (AKKA, "ActorContext"): """self system spawn spawnAnonymous stop children child watch watchWith
        unwatch setReceiveTimeout cancelReceiveTimeout scheduleOnce ask askWithStatus pipeToSelf
        messageAdapter executionContext delegate log setLoggerName""",
    (AKKA, "ActorRef"): "tell ! path narrow unsafeUpcast",
    (AKKA, "AskPattern"): "ask askWithStatus StatusReply Timeout replyTo",
    (
        AKKA,
        "SupervisorStrategy",
    ): """restart stop resume restartWithBackoff withLimit withMaxRestarts
        withResetBackoffAfter withStopChildren withStashCapacity withLoggingEnabled withLogLevel
        withCriticalLogLevel onFailure""",
    (AKKA, "TimerScheduler"): """startSingleTimer startTimerAtFixedRate startPeriodicTimer
        startTimerWithFixedDelay isTimerActive cancel cancelAll""",
    (AKKA, "StashBuffer"): """stash unstash unstashAll capacity size isEmpty nonEmpty isFull head
        foreach contains exists clear""",
    (AKKA, "Receptionist"): """ServiceKey Register Registered Deregister Deregistered Find Subscribe
        Listing""",
    (AKKA, "Topic"): "Topic Publish Subscribe Unsubscribe GetTopicStats TopicStats",
    (AKKA, "Routers"): "pool group",
    (AKKA, "PoolRouter"): """withRoundRobinRouting withRandomRouting withConsistentHashingRouting
        withBroadcastPredicate withPoolSize withRouteeProps""",
    (AKKA, "GroupRouter"): "withRoundRobinRouting withRandomRouting withConsistentHashingRouting",
    (AKKA, "Signals"): """PostStop PreRestart Terminated ChildFailed DeathPactException
        MessageAdaptionFailure""",
    (PYKKA, "Actor"): """start on_receive on_start on_stop on_failure stop actor_ref actor_urn
        actor_inbox actor_stopped use_daemon_thread ThreadingActor ThreadingFuture""",
    (PYKKA, "ActorRef"): "tell ask stop proxy is_alive actor_class actor_urn",
    (PYKKA, "ActorProxy"): """actor_ref traversable ProxyCall ProxyGetAttr ProxySetAttr proxy_field
        proxy_method ActorMemberMixin""",
    (PYKKA, "CallableProxy"): "defer",
    (PYKKA, "Future"): """get get_all map filter reduce join set set_exception set_get_hook
        Timeout""",
    (
        PYKKA,
        "ActorRegistry",
    ): """get_by_urn get_all get_by_class get_by_class_name broadcast register
        unregister stop_all ActorDeadError log_thread_tracebacks""",
}
"""The public names of each module, by the page and the heading under which they are."""

OURS: Final[dict[str, tuple[object, ...]]] = {
    "self": (Actor, StateMachine),
    "ref": (ActorRef,),
    "system": (ActorSystem(),),
    "registry": (Registry,),
    "topic": (Topic,),
    "pool": (Pool,),
    "task": (Task,),
    "group": (TaskGroup,),
    "future": (Future,),
    "deferred": (Deferred,),
    "messages": (Trace,),
}
"""What the pages call these objects, or the objects of these classes."""

STAND_INS: Final = {"M", "R", "E", "A", "B", "Counter", "TRANSIENT", "TEMPORARY", "PERMANENT"}
MEMBERS: Final = {"ONE_FOR_ALL", "REST_FOR_ONE"}


def rows_of(page: str, heading: str = "") -> Iterator[list[str]]:
    """The rows of the tables below each heading that has this name in code font, as columns."""
    is_below = not heading
    for line in (GUIDE / f"{page}.md").read_text("utf-8").splitlines():
        if heading and line.startswith("## "):
            is_below = f"`{heading}`" in line or line == f"## {heading}"
        if is_below and line.startswith("| ") and not line.startswith("| ---"):
            yield [column.strip() for column in re.split(r"(?<!\\)\|", line)[1:-1]]


def code_in(text: str) -> Iterator[str]:
    yield from re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize(("page", "heading"), THEIRS)
def test_every_public_name_of_another_framework_is_on_its_page(page: str, heading: str) -> None:
    code = [each for row in rows_of(page, heading) for each in code_in(" ".join(row[:-1]))]
    missing = [
        name
        for name in THEIRS[page, heading].split()
        if not any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", each) for each in code)
    ]
    assert missing == []


@pytest.mark.parametrize("page", [ERLANG, AKKA, PYKKA, "coming-from"])
def test_each_of_their_names_has_an_answer(page: str) -> None:
    assert [row for row in rows_of(page) if not row[-1]] == []


def names_of_ours() -> set[str]:
    public = {name for module in MODULES for name in import_module(module).__all__}
    return public | STAND_INS | MEMBERS | set(dir(builtins))


@pytest.mark.parametrize("page", [ERLANG, AKKA, PYKKA])
def test_every_name_of_ours_that_a_page_gives_exists(page: str) -> None:
    known = names_of_ours()
    for row in rows_of(page):
        for code in code_in(row[-1]):
            text = re.sub(r"(['\"]).*?\1", "", code)
            for thing, name in re.findall(r"\b([a-z]+)\.(\w+)", text):
                if thing in OURS:
                    assert any(name in dir(each) for each in OURS[thing]), code
            for name in re.findall(r"(?<![\w.])[A-Z]\w*", text):
                assert name in known, code
