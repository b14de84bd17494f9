"""The form of a plugin's settings, generated from its pydantic model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from flowdeck.desktop.controls import Control, control_of
from flowdeck.desktop.fields import Field, fields_of, parameters_of, values_of
from flowdeck.desktop.labels import label, restyle
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import IconButton

__all__ = ["SettingsForm"]


class _Row:
    """Title, control, reset button and what is wrong, of one field."""

    def __init__(self, look: Look, field: Field) -> None:
        self.field = field
        self.title = label(field.title, tone="secondary")
        self.title.setToolTip(field.help)
        self.control: Control = control_of(look, field)
        self.control.setToolTip(field.help)
        self.reset = IconButton(look, "reset", f"Back to the default of {field.title}", kind="rowicon", size_px=14)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.help = label(field.help, tone="tertiary", size="small")
        self.help.setWordWrap(True)
        self.help.setContentsMargins(0, 0, 0, 8)

    def show_problem(self, problem: str) -> None:
        """Say what is wrong under the control, or its help when nothing is."""
        self.control.show_bad(bad=bool(problem))
        self.help.setText(problem or self.field.help)
        restyle(self.help, "tone", "error" if problem else "tertiary")
        self.help.setVisible(bool(problem) or (self._with_help and bool(self.field.help)))

    _with_help = True

    def show_help(self, *, shown: bool) -> None:
        """Whether the help stands under the control; it is always the tip."""
        self._with_help = shown
        self.help.setVisible(shown and bool(self.field.help))


class SettingsForm(QWidget):
    """Edits one model. `changed` carries each valid state as it comes about; an invalid one is said at its field.

    Args:
        look: Colours and fonts.
        model: The frozen pydantic model of the settings.
        values: The settings as they stand.
        compact: Leave the help to tips, as in the dock.
        offered: Choices of text fields that only the caller knows, by field.
    """

    changed = Signal(object)

    def __init__(
        self,
        look: Look,
        model: type[BaseModel],
        values: BaseModel,
        *,
        compact: bool = False,
        offered: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._model = model
        self._values = values
        self._parameters = parameters_of(model, values)
        self._rows = {field.name: _Row(look, field) for field in _offering(fields_of(model), offered)}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6 if compact else 2)
        grid.setColumnStretch(1, 1)
        for line, form_row in enumerate(self._rows.values()):
            self._place(look, grid, 2 * line, form_row, compact=compact)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(grid)
        outer.addStretch(1)
        self.show_values(values)

    def _place(self, look: Look, grid: QGridLayout, line: int, form_row: _Row, *, compact: bool) -> None:
        form_row.title.setMinimumWidth(look.scaled(96 if compact else 168))
        form_row.title.setWordWrap(compact)
        grid.addWidget(form_row.title, line, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(form_row.control, line, 1)
        grid.addWidget(form_row.reset, line, 2)
        grid.addWidget(form_row.help, line + 1, 1, 1, 2)
        form_row.show_help(shown=not compact)
        if not compact:
            grid.setRowMinimumHeight(line, 32)
        name = form_row.field.name
        form_row.control.edited.connect(lambda value: self._edit(name, value))
        form_row.reset.clicked.connect(lambda: self._edit(name, form_row.field.default, show=True))

    @property
    def values(self) -> BaseModel:
        """The last valid state."""
        return self._values

    def control(self, name: str) -> Control:
        """The control of a field."""
        return self._rows[name].control

    def problem(self, name: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        help_label = self._rows[name].help
        return help_label.text() if help_label.property("tone") == "error" else ""

    def show_values(self, values: BaseModel) -> None:
        """Show settings that were changed elsewhere."""
        self._values = values
        for name, form_row in self._rows.items():
            value = getattr(values, name)
            self._parameters.child(name).setValue(value)
            form_row.control.show_value(value)
            form_row.show_problem("")
            form_row.reset.setVisible(value != form_row.field.default)

    def reset(self) -> None:
        """Back to the defaults, all of them."""
        for name, form_row in self._rows.items():
            self._parameters.child(name).setValue(form_row.field.default)
            form_row.control.show_value(form_row.field.default)
        self._judge()

    def _edit(self, name: str, value: Any, *, show: bool = False) -> None:
        self._parameters.child(name).setValue(value)
        if show:
            self._rows[name].control.show_value(value)
        self._judge()

    def _judge(self) -> None:
        try:
            values = self._model.model_validate(values_of(self._parameters))
        except ValidationError as error:
            self._show_problems({str(e["loc"][0]): e["msg"] for e in error.errors() if e["loc"]})
            return
        self._show_problems({})
        if values != self._values:
            self._values = values
            self.changed.emit(values)

    def _show_problems(self, problems: dict[str, str]) -> None:
        for name, form_row in self._rows.items():
            text = problems.get(name, "").removeprefix("Value error, ")
            form_row.show_problem(text)
            form_row.reset.setVisible(bool(text) or self._parameters.child(name).value() != form_row.field.default)


def _offering(fields: Iterable[Field], offered: Mapping[str, tuple[str, ...]]) -> Iterator[Field]:
    for field in fields:
        yield replace(field, sort="choice", choices=offered[field.name]) if field.name in offered else field
