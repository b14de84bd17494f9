"""What a user can set; the form is made from this model."""

from pydantic import BaseModel, ConfigDict

from flowdeck.specs import setting


class __CLASS__Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    width_px: float = setting(1.5, "Width of the line", unit="px", ge=1, le=6)
    unfinished: bool = setting(True, "Include the bar that is still open")
