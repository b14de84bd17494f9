"""`flowdeck plugin doctor`: versions, dependencies, hooks, kinds, health checks and stray configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flowdeck.config import Config, PluginConfig, load_config
from flowdeck.errors import PluginError
from flowdeck.plugins.doctor import Examination, examine

Install = Callable[..., Path]
RANGE = ("flowdeck>=0.1,<0.2",)


def _only(name: str, config: Config | None = None) -> Examination:
    (found,) = examine(config or load_config(), name)
    return found


def test_a_sound_plugin_has_no_problems(install: Install) -> None:
    install("sound", requires=("flowdeck>=0.1,<0.2", "tabulate>=0.9"), version="3.1")
    assert _only("sound") == Examination("sound", "3.1", "active")


@pytest.mark.parametrize(
    ("requires", "problem"),
    [
        ((), "it does not say which flowdeck it needs; add 'flowdeck>=0.1,<0.2' to its dependencies"),
        (("flowdeck==0.1.0",), "it pins flowdeck (==0.1.0); ask for a range, 'flowdeck>=0.1,<0.2'"),
        (("flowdeck===0.1.0",), "it pins flowdeck (===0.1.0); ask for a range"),
        (("flowdeck",), "its range of flowdeck (any) is open; close it, 'flowdeck>=0.1,<0.2'"),
        (("flowdeck>=0.1",), "its range of flowdeck (>=0.1) is open"),
        (("flowdeck<0.2",), "its range of flowdeck (<0.2) is open"),
        ((*RANGE, "numpy==2.0"), "it redeclares numpy==2.0, which comes with flowdeck"),
        ((*RANGE, "Pydantic_Settings"), "it redeclares Pydantic_Settings, which comes with flowdeck"),
        (("flowdeck>=0.2,<0.3",), "it needs flowdeck <0.3,>=0.2, this is"),
    ],
)
def test_a_dependency_that_does_not_work_for_all_is_named_with_the_remedy(
    requires: tuple[str, ...], problem: str, install: Install
) -> None:
    install("leaning", requires=requires)
    assert [one for one in _only("leaning").problems if one.startswith(problem)]


@pytest.mark.parametrize("fine", ["numpy; extra == 'dev'", "flowdeck~=0.1.0", "not a requirement!!"])
def test_what_harms_nobody_is_not_named(fine: str, install: Install) -> None:
    requires = (fine,) if fine.startswith("flowdeck") else (*RANGE, fine)
    install("fine", requires=requires)
    assert _only("fine").problems == ()


def test_a_failure_to_load_comes_first_with_its_traceback(install: Install) -> None:
    install("broken", "import no_such_module", requires=())
    found = _only("broken")
    assert found.state == "failed"
    assert found.problems[0] == "import: ModuleNotFoundError: No module named 'no_such_module'"
    assert "no_such_module" in found.traceback


def test_hooks_that_are_never_called_are_named(install: Install) -> None:
    install(
        "forgetful",
        """
        from flowdeck.hookspecs import hookimpl

        def register_layers():
            return []

        def register_surces():
            return []

        def register_in_my_own_table():
            return []
        """,
    )
    assert _only("forgetful").problems == (
        "register_layers is not marked with @hookimpl and is never called",
        "register_surces is no hook and is never called; did you mean register_sources?",
    )


def test_factories_that_are_missing_and_kinds_that_nobody_has_are_named(install: Install) -> None:
    install(
        "wishful",
        """
        from flowdeck.hookspecs import hookimpl
        from flowdeck.specs import LayerSpec

        @hookimpl
        def register_layers():
            yield LayerSpec("a", "A", "builtins:dict", requires=("tradez", "bars"))
            yield LayerSpec("b", "B", "builtins:no_such_thing")
        """,
    )
    assert _only("wishful").problems == (
        "layer a: no plugin registers kind 'tradez'; did you mean trades?",
        "layer b: import b: factory 'builtins:no_such_thing': module builtins has no no_such_thing",
    )


HEALTH = """
    from flowdeck.hookspecs import hookimpl
    from flowdeck.specs import HealthCheckSpec

    @hookimpl
    def register_health_checks():
        yield HealthCheckSpec("disk", "Disk", "{module}:{function}")
"""


def test_health_checks_answer_or_name_the_remedy(install: Install) -> None:
    install("healthy", HEALTH.format(module="health_a", function="disk"), health_a="def disk(): return '9 GB free'")
    install(
        "ill",
        HEALTH.format(module="health_b", function="disk").replace('"disk", ', '"full", '),
        health_b="def disk(): raise OSError('disk is full; prune')",
    )
    assert _only("healthy").checks == ("Disk: 9 GB free",)
    assert _only("ill").problems == ("health check full: OSError: disk is full; prune",)
    assert _only("ill").state == "active", "what it found is no fault of the plugin"


def test_a_health_check_that_fails_does_not_keep_the_next_from_running(install: Install) -> None:
    second = '    yield HealthCheckSpec("net", "Network", "health_c:net")\n'
    install(
        "both",
        HEALTH.rstrip().format(module="health_c", function="disk") + "\n    " + second,
        health_c="def disk(): raise OSError('full')\ndef net(): return 'reachable'",
    )
    assert _only("both").problems == ("health check disk: OSError: full",)
    assert _only("both").checks == ("Network: reachable",)


def test_config_for_a_plugin_that_is_not_installed_is_named(install: Install) -> None:
    install("sound")
    path = load_config().path
    path.parent.mkdir(parents=True)
    path.write_text("[plugins.suond]\nenabled = true\n")
    stray = examine(load_config())[-1]
    assert stray.plugin == ""
    assert stray.problems == (
        f"{path}: plugins.suond: unused config for a plugin that is not installed; did you mean sound?",
    )


def test_a_required_plugin_that_fails_does_not_keep_the_doctor_away(install: Install) -> None:
    install("broken", "raise ValueError")
    config = Config(plugins={"broken": PluginConfig(required=True)})
    found = {one.plugin: one for one in examine(config)}
    assert found["broken"].state == "failed"
    assert "required plugin broken is failed" in found[""].problems[0]


def test_a_disabled_plugin_is_not_imported(install: Install) -> None:
    install("off", "raise AssertionError")
    found = _only("off", Config(plugins={"off": PluginConfig(enabled=False)}))
    assert found.state == "disabled"
    assert found.problems == ()


def test_a_plugin_that_is_not_installed_cannot_be_examined() -> None:
    with pytest.raises(PluginError, match="no plugin 'footprnit' is installed; did you mean footprint"):
        examine(load_config(), "footprnit")
