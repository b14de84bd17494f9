"""The command line as a whole: table of commands, global options, how errors are said."""

import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from flowdeck.cli import _app, main
from flowdeck.cli._lazy import Noun
from flowdeck.errors import CaptureError


def run(*words: str) -> int:
    return main.main(words)


def _noun(monkeypatch: pytest.MonkeyPatch, function: Any, name: str = "try") -> None:
    """Put a function into the table of commands."""
    import types

    module = types.ModuleType("a_noun")
    module.noun = function  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_noun", module)
    monkeypatch.setitem(main.NOUNS, name, Noun("a_noun:noun", "Tries."))


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    script = textwrap.dedent("""
        import sys
        from flowdeck.cli.main import main
        code = main(["--help"])
        heavy = ("numba", "numpy", "PySide6", "pyqtgraph", "pyarrow", "aiohttp", "pydantic", "structlog")
        print("HEAVY", *[name for name in heavy if name in sys.modules])
        sys.exit(code)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["HEAVY"]
    for name, noun in main.NOUNS.items():
        assert name in done.stdout
        assert noun.help.split()[0] in done.stdout


@pytest.mark.parametrize("name", main.NOUNS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = main.NOUNS[name].target.partition(":")[0]
    if find_spec(module) is None:
        pytest.skip(f"{module} is not there")
    command = main._Root().find(name)
    verbs = list(getattr(command, "commands", {})) or [""]
    for verb in verbs:
        assert run(*filter(None, [name, verb, "--help"])) == 0
        text = capsys.readouterr().out
        assert "Examples:" in text
        assert f"flowdeck {name}" in text or name == "chart"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from flowdeck import __version__

    assert run("--version") == 0
    assert capsys.readouterr().out == f"flowdeck {__version__}\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["serv"], "no command 'serv'; did you mean 'serve'?"),
        (["xyzzy"], "no command 'xyzzy'; see flowdeck --help"),
        (["../etc"], "no command '../etc'; see flowdeck --help"),
        (["plugin", "lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["plugin", "list", "--bogus"], "No such option: --bogus"),
        (["plugin", "enable"], "Missing argument 'name'."),
        (["plugin", "list", "extra"], "Got unexpected extra argument(s) (extra)"),
        (["--config"], "Invalid value for --config: a path must follow"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"flowdeck: {line}")
    assert captured.err.count("\n") == 1


def test_without_a_command_the_chart_gets_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def chart(instrument: str | None = None) -> None:
        seen.append(instrument)

    _noun(monkeypatch, chart, "chart")
    assert run() == 0
    assert run("--instrument", "a:b") == 0
    assert run("--safe-mode", "--instrument", "c:d") == 0
    assert run("--nonsense") == 2
    assert seen == [None, "a:b", "c:d"]


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "c.toml", "--data-dir", "d", "--safe-mode", "--debug", "try", "x"],
        ["try", "--config=c.toml", "x", "--data-dir=d", "--debug", "--safe-mode"],
    ],
)
def test_global_options_may_stand_anywhere(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def noun(word: str) -> None:
        seen.append((word, _app.options()))

    _noun(monkeypatch, noun)
    assert run(*words) == 0
    assert seen == [("x", _app.Options(Path("c.toml"), Path("d"), safe_mode=True, debug=True))]


def test_what_follows_a_double_dash_is_left_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def noun(words: list[str]) -> None:
        seen.append((words, _app.options().debug))

    _noun(monkeypatch, noun)
    assert run("try", "a", "--", "--debug") == 0
    assert seen == [(["a", "--debug"], False)]


def test_what_a_user_can_mend_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def noun() -> None:
        raise CaptureError("day.gz: line 3:\nnot JSON")

    _noun(monkeypatch, noun)
    assert run("try") == 1
    assert capsys.readouterr().err == "flowdeck: day.gz: line 3: not JSON\n"
    assert run("--debug", "try") == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_command_ends_itself_with_a_code_and_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def noun(code: int) -> None:
        _app.fail("disk full", code)

    _noun(monkeypatch, noun)
    assert run("try", "1") == 1
    assert run("try", "2") == 2
    assert capsys.readouterr().err == "flowdeck: disk full\n" * 2


def test_wrong_values_of_options_are_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def noun(size: str = "") -> None:
        raise typer.BadParameter(f"{size!r} is not WxH", param_hint="--size")

    _noun(monkeypatch, noun)
    assert run("try", "--size", "big") == 2
    assert capsys.readouterr().err == "flowdeck: Invalid value for --size: 'big' is not WxH\n"


def test_ctrl_c_ends_a_command_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def noun() -> None:
        raise KeyboardInterrupt

    _noun(monkeypatch, noun)
    assert run("try") == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        ([], "raise KeyError('x')", "flowdeck: unexpected KeyError: 'x'; --debug shows the traceback\n"),
        ([], "open('/no/such')", "flowdeck: /no/such: No such file or directory\n"),
        (["--debug"], "raise KeyError('x')", "Traceback"),
    ],
)
def test_what_nobody_foresaw_is_one_line_unless_debugging(
    options: list[str], code: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "a_noun.py").write_text(f"def noun():\n    {code}\n")
    script = (
        "import sys; from flowdeck.cli import main; from flowdeck.cli._lazy import Noun;"
        f"main.NOUNS['try'] = Noun('a_noun:noun', 'Tries.'); sys.argv = ['flowdeck', *{options!r}, 'try']; main.run()"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(expected)
    assert options or done.stderr.count("\n") == 1


def test_a_plugins_commands_stand_under_their_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "spread_plugin.py").write_text(
        textwrap.dedent("""
        import typer
        from flowdeck.hookspecs import hookimpl
        from flowdeck.specs import CommandSpec

        app = typer.Typer()

        @app.command()
        def verify(capture: str) -> None:
            typer.echo(f"verified {capture}")

        @app.command()
        def other() -> None: ...

        @hookimpl
        def register_commands():
            yield CommandSpec("spread", "Spread", "spread_plugin:app")
            yield CommandSpec("broken", "Broken", "spread_plugin:nothing")
    """)
    )
    info = tmp_path / "spread-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spread\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[flowdeck.plugins]\nspread = spread_plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "spread_plugin", raising=False)
    assert run("spread", "verify", "day.gz") == 0
    assert capsys.readouterr().out == "verified day.gz\n"
    assert run("--safe-mode", "spread", "verify", "day.gz") == 2
    assert run("broken") == 1
    assert "flowdeck: broken of plugin spread is not to be had" in capsys.readouterr().err
    monkeypatch.delitem(sys.modules, "spread_plugin", raising=False)


def test_progress_is_drawn_on_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    with _app.progress("reading", total=2) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")


def test_results_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    _app.print_json({"path": Path("/a"), "text": "größer"})
    assert capsys.readouterr().out == '{\n  "path": "/a",\n  "text": "größer"\n}\n'
