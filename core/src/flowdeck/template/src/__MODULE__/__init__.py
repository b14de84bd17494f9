"""__TITLE__, a plugin for Flowdeck."""
