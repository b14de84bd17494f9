"""How bars and their cells look, level of detail by level of detail."""
